"""Jobs for workers: one for each shard, and no more deliveries waiting than there is work for."""

from mailer.edition import worker_jobs


def test_each_shard_is_one_job_with_a_key_of_its_own() -> None:
    jobs = worker_jobs.to_plan(7, [0, 2])
    assert [job.key for job in jobs] == ["plan-7-0", "plan-7-2"]
    assert [dict(job.values) for job in jobs] == [
        {"edition_id": 7, "shard": 0},
        {"edition_id": 7, "shard": 2},
    ]


def test_copies_are_shared_out_in_jobs_of_a_bounded_size() -> None:
    jobs = worker_jobs.to_deliver(7, 3 * worker_jobs.COPIES, at_local_time=True)
    assert {job.values["most"] for job in jobs} == {worker_jobs.COPIES}
    assert len({job.key for job in jobs}) == len(jobs) >= 3
    assert worker_jobs.to_deliver(7, 0, at_local_time=True) == []
