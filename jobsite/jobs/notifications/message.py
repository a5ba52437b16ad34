"""What a notification says, and the error of a delivery that failed."""

from typing import Any

from jobsite.jobs.models.notification import Delivery


class NotDelivered(Exception):
    """Why a webhook could not be delivered, in a sentence. `for_good`: trying again is useless."""

    def __init__(self, sentence: str, for_good: bool = False) -> None:
        super().__init__(sentence)
        self.for_good = for_good


def message_of(delivery: Delivery) -> dict[str, Any]:
    """What is sent: all but where the result lies on this machine."""
    message = {key: value for key, value in delivery.body.items() if key != "path"}
    return {"delivery": str(delivery.pk), **message}
