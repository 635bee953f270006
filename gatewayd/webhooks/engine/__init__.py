"""The engine of webhooks: reads what there is to post, posts it, and records how far each endpoint has come.

`source` makes events of rows, `post` is one try over HTTP, `courier` the life of one endpoint, `service` all of them,
`watch` notices what nobody records (credit that runs low, lines that stop). Nothing here is asked by the way of a
message: it reads behind it.
"""
