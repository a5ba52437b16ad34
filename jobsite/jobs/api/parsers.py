"""Parsers of request bodies for the API."""

import json
import re
from typing import Any

from rest_framework.exceptions import ParseError
from rest_framework.parsers import JSONParser

# An escaped NUL; behind another backslash it is those six characters.
NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")


class JSONObjectParser(JSONParser):
    """JSON whose outermost value is an object, because views look up fields by name."""

    def parse(self, stream: Any, media_type: Any = None, parser_context: Any = None) -> dict:
        """Return the object.

        Raises ParseError for anything else, and for text that no answer could hold.
        """
        try:
            data = super().parse(stream, media_type, parser_context)
            text = json.dumps(data, ensure_ascii=False).encode()
        except RecursionError:
            raise ParseError("The JSON is nested too deeply.") from None
        except UnicodeEncodeError:
            raise ParseError("The JSON holds half a character (a lone surrogate).") from None
        if not isinstance(data, dict):
            raise ParseError('The body has to be a JSON object, such as {"name": "value"}.')
        if NUL.search(text):
            raise ParseError("The JSON holds a NUL character, which no database takes.")
        return data
