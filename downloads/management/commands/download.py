"""`manage.py download LINK ...`: add links from the command line."""

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from downloads.adding import Answer, read_links, submit
from downloads.api.downloads import AnswerSerializer
from downloads.api.options import OptionSerializer
from jobsite.jobs.management.base import BAD_INPUT, SUCCEEDED, JobCommand


class Command(JobCommand):
    """Adds links and .torrent files as downloads."""

    help = (
        "Add magnet links and info hashes. Exit status: 0 added (with --wait: all succeeded), "
        "1 one failed or was cancelled, 2 a line was refused."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("links", nargs="*", metavar="LINK")
        parser.add_argument("--from-file", metavar="F", help="a file with a link per line; - reads")
        parser.add_argument("--category", metavar="NAME", help="one of the person's categories")
        parser.add_argument("--tag", action="append", default=[], metavar="TAG", help="any number")
        parser.add_argument(
            "--hold", action="store_true", help="fetch the lists of files only, and wait"
        )
        parser.add_argument(
            "--exclude", action="append", metavar="PATTERN", help="files that are not wanted"
        )
        self.add_job_arguments(parser)

    def handle(self, *, links: list[str], from_file: str | None, **options: Any) -> None:
        """Add, print the result of each line, and wait if asked to."""
        asked = read_links("\n".join([*links, self._read(from_file)]))
        if not asked:
            self.refuse("No link was given. Name one, or a file of them with --from-file.")
        owner = self.owner(options["user"])
        answer = submit(owner, asked, self._wishes(owner, options))
        self._tell(answer)
        status = SUCCEEDED
        if options["wait"]:
            status = self.follow([*answer.added, *(one.job for one in answer.duplicates)])
        if options["json"]:
            self.print_json(AnswerSerializer(answer).data)
        if status == SUCCEEDED and answer.invalid:
            status = BAD_INPUT
        if status != SUCCEEDED:
            sys.exit(status)

    def _wishes(self, owner: Any, options: dict[str, Any]) -> dict[str, Any]:
        given = {name: options[name] for name in ("category", "hold")}
        given["tags"] = options["tag"]
        if options["exclude"] is not None:
            given["exclude"] = ",".join(options["exclude"])
        form = OptionSerializer(data=given, context={"owner": owner})
        if not form.is_valid():
            self.refuse(" ".join(str(text) for texts in form.errors.values() for text in texts))
        return form.options

    def _read(self, name: str | None) -> str:
        if name is None:
            return ""
        try:
            return sys.stdin.read() if name == "-" else Path(name).read_text(errors="replace")
        except OSError as error:
            self.refuse(f"{name} cannot be read: {error.strerror}.")

    def _tell(self, answer: Answer) -> None:
        for job in answer.added:
            self.say(f"added: {job.name} ({job.pk})")
        for known in answer.duplicates:
            self.say(f"line {known.line}: here already: {known.job.name} ({known.job.pk})")
        for bad in answer.invalid:
            self.say(f"line {bad.line}: refused: {bad.text}\n  {bad.reason}")
        for left in answer.remarks:
            self.say(f"line {left.line}: {left.remark}")
