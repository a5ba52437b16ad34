"""Query parameters that a list of the API does not know are refused, with the one that is meant."""

import pytest

from downloads.models.download import Download
from tests.factories import a_download, api_of

LISTS = [
    *("training", "predictions", "datasets", "notifications"),
    *("downloads", "downloads/categories"),
]


@pytest.mark.parametrize("name", LISTS)
def test_no_list_ignores_a_word(ann, name: str) -> None:
    api = api_of(ann)
    assert api.get(f"/api/v1/{name}/").status_code == 200
    answer = api.get(f"/api/v1/{name}/", {"quux": "1"})
    assert answer.status_code == 400
    assert "There is no query parameter of this name here. There are:" in answer.json()["quux"][0]


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("limit", "page_size"),
        ("ordering", "sort"),
        ("search", "q"),
        ("stauts", "status"),
        ("catgory", "category"),
        ("offset", "page"),
    ],
)
def test_the_word_that_is_meant_is_named(ann, word: str, meant: str) -> None:
    answer = api_of(ann).get("/api/v1/downloads/", {word: "1"})
    assert answer.status_code == 400
    assert answer.json()[word][0].endswith(f"Did you mean {meant}?")


def test_all_words_of_a_list_are_taken(ann) -> None:
    given = "status=queued&q=x&sort=-name&state=held&category=-&tag=t&page=1&page_size=2"
    assert api_of(ann).get(f"/api/v1/downloads/?{given}").status_code == 200


def test_a_filter_with_a_typing_error_deletes_nothing(ann) -> None:
    a_download(ann)
    asked = {"action": "delete", "filter": "stauts=failed"}
    answer = api_of(ann).post("/api/v1/downloads/bulk/", asked, content_type="application/json")
    assert answer.status_code == 400 and "Did you mean status?" in str(answer.json())
    assert Download.objects.filter(delete_requested=False).count() == 1
