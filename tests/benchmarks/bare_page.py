"""A bare route: FastAPI and Jinja2 answer with a page of so many rows, out of nothing but memory.

`python -m tests.benchmarks.bare_page PORT ROWS OCTETS`
"""

from __future__ import annotations

import sys

import jinja2
import uvicorn
from fastapi import FastAPI
from fastapi.responses import HTMLResponse

PAGE = """<!doctype html><html><head><title>{{ title }}</title></head><body><table>
{% for row in rows %}<tr>
{% for cell in row %}<td class="nowrap"><a href="/{{ cell }}">{{ cell }}</a></td>{% endfor %}</tr>
{% endfor %}</table>{{ filler }}</body></html>"""
CELL = "una celda que mide lo que una celda"


def application(rows: int, octets: int) -> FastAPI:
    """Returns an application whose one page has so many rows, and is filled up to so many octets."""
    template = jinja2.Environment(autoescape=True).from_string(PAGE)
    shown = [[f"{CELL} {row}.{place}" for place in range(8)] for row in range(rows)]
    size = len(template.render(title="", rows=shown, filler=""))
    filler = "x" * max(0, octets - size)
    app = FastAPI()

    @app.get("/")
    async def page() -> HTMLResponse:
        return HTMLResponse(template.render(title="bare", rows=shown, filler=filler))

    return app


if __name__ == "__main__":
    uvicorn.run(
        application(int(sys.argv[2]), int(sys.argv[3])), host="127.0.0.1", port=int(sys.argv[1]), log_level="warning"
    )
