"""A document of AsyncAPI as one page of HTML, which fetches nothing when it is read."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from html import escape
from string import Template
from typing import Any

__all__ = ["asyncapi_page"]

_PAGE = Template("""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>$title</title>
<style>
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem }
table { border-collapse: collapse; width: 100% } td, th { text-align: left; padding: .3rem .6rem; vertical-align: top }
tr + tr { border-top: 1px solid #8884 } pre { overflow-x: auto; padding: .6rem; background: #8881 }
@media (prefers-color-scheme: dark) { body { background: #111; color: #ddd } a { color: #8bf } }
</style>
</head>
<body>
<h1>$title</h1>
<p>Version $version. $description</p>
<p>$channel</p>
<h2>Handlers</h2>
<table><tr><th>handler</th><th>takes</th><th>when</th></tr>
$operations
</table>
<h2>Messages</h2>
$messages
<h2>Models</h2>
$schemas
</body>
</html>
""")


def asyncapi_page(document: Mapping[str, Any]) -> str:
    """Render a document.

    Args:
        document: A document of :func:`router.local.asyncapi.asyncapi_document`.
    """
    components = document["components"]
    return _PAGE.substitute(
        title=escape(document["info"]["title"]),
        version=escape(document["info"]["version"]),
        description=escape(document["info"]["description"]),
        channel=escape(document["channels"]["stream"]["description"]),
        operations="\n".join(map(_operation, document["operations"].values())),
        messages="\n".join(
            _part("message", key, each["title"], each["payload"]) for key, each in components["messages"].items()
        ),
        schemas="\n".join(
            _part("model", key, each.get("description", ""), each) for key, each in components["schemas"].items()
        ),
    )


def _operation(operation: Mapping[str, Any]) -> str:
    names = [reference["$ref"].rpartition("/")[2] for reference in operation["messages"]]
    takes = "<br>".join(f'<a href="#message-{escape(name)}">{escape(name)}</a>' for name in names)
    when = "<br>".join(map(escape, _texts(operation)))
    return f"<tr><td><code>{escape(operation['title'])}</code></td><td>{takes}</td><td>{when}</td></tr>"


def _texts(operation: Mapping[str, Any]) -> Iterator[str]:
    if "summary" in operation:
        yield operation["summary"]
    yield from operation["description"].split("\n\n")


def _part(kind: str, key: str, title: str, schema: Any) -> str:
    name = f'<code id="{kind}-{escape(key)}">{escape(key)}</code>'
    shown = escape(json.dumps(schema, indent=2))
    return f"<details><summary>{name} {escape(title)}</summary><pre>{shown}</pre></details>"
