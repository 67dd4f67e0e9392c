"""The tables of the job queue."""

from datetime import datetime

import pytest
from sqlalchemy.engine import Engine

from recommender import store_opening
from recommender.errors import StoreError
from recommender.storage import migrations, queue_schema


@pytest.mark.postgresql
def test_the_job_queue_is_made_and_brought_up_to_date_with_the_store(
    postgresql_store: Engine, now: datetime
) -> None:
    assert not queue_schema.outdated(postgresql_store)
    with postgresql_store.begin() as connection:  # as a store whose queue lacks the last step
        connection.exec_driver_sql(
            "COMMENT ON TABLE procrastinate_jobs "
            "IS '03.04.00_01_pre_add_retry_failed_job_procedure.sql'"
        )
    url = postgresql_store.url.render_as_string(hide_password=False)
    with pytest.raises(StoreError, match="run `newsletter init`"):
        store_opening.open_store(url, newsletter="weekly", now=now)
    assert migrations.migrate(postgresql_store) is True
    assert migrations.migrate(postgresql_store) is False
    store_opening.open_store(url, newsletter="weekly", now=now).dispose()
