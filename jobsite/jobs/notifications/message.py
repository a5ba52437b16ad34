"""The content of a notification, and the error of a delivery that failed."""

from typing import Any

from jobsite.jobs.models.notification import Delivery


class NotDelivered(Exception):
    """A delivery failed; the text is the reason, as a sentence. `for_good`:

    trying again is useless.
    """

    def __init__(self, sentence: str, for_good: bool = False) -> None:
        super().__init__(sentence)
        self.for_good = for_good


def message_of(delivery: Delivery) -> dict[str, Any]:
    """Return the content of a notification: everything but the result's place on this machine."""
    message = {key: value for key, value in delivery.body.items() if key != "path"}
    return {"delivery": str(delivery.pk), **message}
