"""Telephone numbers: one policy before the `phonenumbers` library.

People and billing systems write numbers in ways the library misreads: Argentina's mobiles without their 9 or with a 15
inside, a sheet's floats, two numbers in a cell, old forms of Chile and Mexico. `Numbers.parse` reads them all into
E.164; `render` writes E.164 in the form that a line wants.
"""

from gatewayd.numbers.forms import FORMS, Form, render
from gatewayd.numbers.parser import Numbers
from gatewayd.numbers.types import Number, NumberError, Policy, Reason

__all__ = ["FORMS", "Form", "Number", "NumberError", "Numbers", "Policy", "Reason", "render"]
