"""Programs that run when a job has ended: which may, with what, and for how long."""

import stat

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission

from jobsite.jobs import command_lines
from jobsite.jobs.models.notification import DELIVERED, GIVEN_UP, Channel, Delivery, Program
from jobsite.jobs.models.worker import Worker
from jobsite.jobs.queue import submit
from jobsite.jobs.status import Status
from tests.drill.models import Drill
from tests.support.webhook_bodies import deliver

pytestmark = pytest.mark.django_db


@pytest.fixture
def folder(tmp_path, settings):
    settings.PROGRAM_DIR = tmp_path / "programs"
    settings.PROGRAM_DIR.mkdir()
    return settings.PROGRAM_DIR


def script(folder, text: str, name="told"):
    path = folder / name
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


def run(owner, command, name="a drill", timeout=20) -> Delivery:
    program = Program.objects.create(name="told", command=command, timeout=timeout)
    Channel.objects.create(owner=owner, method="program", program=program)
    job = Drill(owner=owner, name=name)
    submit(job)
    job = Drill.objects.claim(Worker.of_this_process("drill"))
    Drill.objects.fenced(job.pk, job.attempt).transition(Status.SUCCEEDED)
    return deliver(Delivery.objects.get())


def test_a_program_gets_the_job_as_arguments_and_no_shell_reads_them(ann, folder, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "sqlite:///secret")
    path = script(folder, 'for word in "$@"; do echo "<$word>"; done; env')
    notice = run(ann, f"{path}\n--name\n{{name}}\n{{status}}: {{kind}}", "$(id); `id` ' \"\n-x")
    assert notice.state == DELIVERED
    told = notice.answer.splitlines()
    assert told[:3] == ["<--name>", "<$(id); `id` ' \"\ufffd-x>", "<succeeded: drill>"]
    names = {line.partition("=")[0] for line in told[3:]}
    assert names <= {"PATH", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "PWD", "SHLVL", "_"}


def test_the_files_of_a_job_are_in_place_before_anybody_is_told(ann, folder, own_folders):
    path = script(folder, 'cat "$1/model"')
    program = Program.objects.create(name="told", command=f"{path}\n{{path}}", timeout=20)
    Channel.objects.create(owner=ann, method="program", program=program)
    submit(Drill(owner=ann, name="a drill"))
    job = Drill.objects.claim(Worker.of_this_process("drill"))
    job.draft.mkdir(parents=True)
    (job.draft / "model").write_text("whole")
    Drill.objects.fenced(job.pk, job.attempt).transition(
        Status.SUCCEEDED
    )  # and its worker is killed just here
    assert deliver(Delivery.objects.get()).answer == "whole"


def test_a_name_cannot_become_an_option(ann, folder):
    path = script(folder, 'echo "$1"')
    assert run(ann, f"{path}\n{{name}}", "--delete-everything").answer == "_-delete-everything"


def test_a_program_that_fails_or_stays_is_told_of_and_not_repeated(ann, folder):
    failing = run(ann, str(script(folder, "echo no; exit 3")))
    assert (failing.state, failing.answer) == (GIVEN_UP, "It ended with status 3. no")
    Channel.objects.all().delete()
    Program.objects.all().delete()
    staying = run(ann, str(script(folder, "echo begun; sleep 77 & sleep 77")), timeout=1)
    assert staying.answer == "It ran longer than 1 s and was ended. begun"


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("", "Name the program"),
        ("/bin/sh\n-c\nid", "does not lie in"),
        ("{folder}/../../../../../bin/sh", "does not lie in"),
        ("told", "does not lie in"),
        ("{folder}/missing", "is not there"),
        ("{folder}/told\n{{secret}}", "there is no {secret}"),
        ("{folder}/told\n{{name", "expected"),
    ],
)
def test_what_may_not_be_run_is_refused_in_words(folder, command, said):
    script(folder, "true")
    words = command_lines.read_words(command.format(folder=folder))
    with pytest.raises(command_lines.NotRun, match=said):
        command_lines.check(words, folder)
    with pytest.raises(command_lines.NotRun, match="set no JOBSITE_PROGRAM_DIR"):
        command_lines.check(words, None)


@pytest.mark.parametrize("open_one", ["told", "."])
def test_a_program_that_others_may_change_is_not_run(folder, open_one):
    path = script(folder, "true")
    command_lines.check([str(path)], folder)
    (folder / open_one).chmod(0o777)
    with pytest.raises(command_lines.NotRun, match="chmod go-w"):
        command_lines.check([str(path)], folder)


def test_only_superusers_define_programs(client, ann, folder):
    path = script(folder, "true")
    form = {"name": "told", "command": str(path), "timeout": 5}
    clerk = get_user_model().objects.create_user("clerk", is_staff=True)
    clerk.user_permissions.set(Permission.objects.all())
    client.force_login(clerk)
    assert client.post("/admin/jobs/program/add/", form).status_code == 403
    client.force_login(get_user_model().objects.create_superuser("root"))
    bad = client.post("/admin/jobs/program/add/", {**form, "command": "/bin/sh"})
    assert "does not lie in" in bad.content.decode()
    client.post("/admin/jobs/program/add/", form)
    assert Program.objects.get().words == [str(path)]
