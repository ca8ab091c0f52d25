"""What an app consumes as a document of AsyncAPI 3, for catalogues and for readers.

- :mod:`router.local.asyncapi.condition_words` says a condition in words and as a structure.
- :mod:`router.local.asyncapi.model_schemas` makes the JSON schemas of models.
- :mod:`router.local.asyncapi.document` makes the document.
- :mod:`router.local.asyncapi.page` renders it as one page of HTML.
"""

from router.local.asyncapi.document import asyncapi_document
from router.local.asyncapi.page import asyncapi_page

__all__ = ["asyncapi_document", "asyncapi_page"]
