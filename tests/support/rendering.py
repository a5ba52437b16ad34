"""Templates rendered for tests."""

import re
from pathlib import Path
from typing import Any

from django.contrib.staticfiles.finders import find
from django.template import RequestContext, Template
from django.test import RequestFactory


def render(source: str, path: str = "/", **context: Any) -> str:
    """The text of a template with this site's tags; runs of blanks count as one."""
    page = RequestContext(RequestFactory().get(path), context)
    text = Template("{% load job_lists jobs %}" + source).render(page)
    return re.sub(r"\s+", " ", text).strip()


def static_text(name: str) -> str:
    """The text of one static file of the job core."""
    return Path(find(f"jobsite/{name}")).read_text("utf-8")
