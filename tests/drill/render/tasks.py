"""What the child process of a rendering does."""

from jobsite.jobs.execution.outcome import JobFailed


def run(job, report):
    """Draw each frame into the folder that is published when the job succeeds."""
    if not job.total:
        raise JobFailed("There is no frame to draw. Ask for one at least.")
    for number in range(job.total):
        report.progress(number / job.total, f"frame {number}")
        (report.directory / f"{number}.txt").write_text(f"frame {number} of {job.name}")
        report.update(frames=list(range(number + 1)))
    return {"frames": job.total}  # kept as job.result
