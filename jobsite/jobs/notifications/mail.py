"""Notifications by e-mail, one message each."""

from django.conf import settings
from django.core.mail import EmailMessage

from jobsite.jobs.models.notification import Delivery
from jobsite.jobs.notifications.message import NotDelivered, message_of
from jobsite.jobs.text import one_line


def send_email(delivery: Delivery) -> str:
    """Send a notification to the e-mail address of the person's account."""
    owner = delivery.channel.owner
    if not settings.SENDS_EMAIL:
        raise NotDelivered("This site sends no e-mail: JOBSITE_EMAIL_URL is not set.", True)
    if not owner.email:
        raise NotDelivered("Your account has no e-mail address.", for_good=True)
    told = message_of(delivery)
    name = one_line(told["name"])
    lines = [f"{name}: {told['status']}.", told["error"], told["url"]]
    message = EmailMessage(
        f"[jobsite] {name}: {told['status']}",
        "\n\n".join(line for line in lines if line),
        to=[owner.email],
        headers={"X-Jobsite-Delivery": str(delivery.pk)},
    )
    try:
        message.send()
    except OSError as error:  # smtplib's exceptions are of this kind, too
        raise NotDelivered(f"The mail server did not take it: {error}.") from error
    return f"Sent to {owner.email}."
