"""Exports of the services, made by hand after what each documents: who they hold, how they stand,
since when and with which tags."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from recommender.models import ConsentEvent, Subscriber
from recommender.storage import database
from recommender.subscribers import consent, files, intake, records
from recommender.subscribers.formats import services
from recommender.subscribers.formats.table import Description

MAILCHIMP = (
    '"Email Address","First Name","Last Name",Company,MEMBER_RATING,OPTIN_TIME,OPTIN_IP,'
    "CONFIRM_TIME,CONFIRM_IP,LATITUDE,LONGITUDE,GMTOFF,DSTOFF,TIMEZONE,CC,REGION,{more},LEID,EUID,"
    "NOTES,TAGS\n"
)
EXPORTS: Mapping[str, str] = {
    "subscribed_members_export_1a2b.csv": MAILCHIMP.format(more="LAST_CHANGED")
    + 'kim@example.com,Kim," Vega ",Quay Ltd,4,"2019-03-04 10:00:00",203.0.113.5,'
    '"2019-03-04 10:05:00",203.0.113.6,,,,,america/lima,pe,lim,"2024-01-01 00:00:00",1,a,,'
    '"""VIP"",""Pilot, early"""\n'
    "lou@example.com,,,,2,,,,,,,,,,,,,2,b,,\n",
    "unsubscribed_members_export_1a2b.csv": MAILCHIMP.format(
        more="UNSUB_TIME,UNSUB_CAMPAIGN_TITLE,UNSUB_CAMPAIGN_ID,UNSUB_REASON,UNSUB_REASON_OTHER"
    )
    + 'una@example.com,Una,,,,"2018-02-12 10:54:27",,"2018-02-12 10:54:27",,,,,,,,,'
    '"2020-05-13 10:18:25",,,NORMAL,,3,c,,"""VIP"""\n',
    "cleaned_members_export_1a2b.csv": MAILCHIMP.format(
        more="CLEAN_TIME,CLEAN_CAMPAIGN_TITLE,CLEAN_CAMPAIGN_ID"
    )
    + 'cle@example.com,Cle,,,,"2018-02-12 10:54:27",,,,,,,,,,,"2021-06-01 08:00:00",,,4,d,,\n',
    "email_list.quay.csv": "email,active_subscription,expiry,plan,email_disabled,created_at,"
    "first_payment_at\n"
    "sam@example.com,true,2027-01-01T00:00:00.000Z,yearly,false,2022-08-01T09:30:00.000Z,2022-08-02\n"
    "sue@example.com,false,,other,true,2021-01-01T00:00:00.000Z,\n",
    "members.2026-11-01.csv": "id,email,name,note,subscribed_to_emails,complimentary_plan,"
    "stripe_customer_id,created_at,deleted_at,labels,tiers\n"
    '63f1,gus@example.com,Gus Hay,met in May,true,false,,2023-01-02T03:04:05.000Z,,"Pilot,VIP",\n'
    "63f2,gil@example.com,Gil,,false,true,cus_1,2023-01-02T03:04:05.000Z,,,Gold\n",
    "beehiiv.csv": "email,First Name,Last Name,status,tier,created_at,utm_source,utm_medium\n"
    "bea@example.com,Bea,Ito,active,free,2023-03-24 10:23:10 UTC,twitter,\n"
    "ben@example.com,,,inactive,free,2023-03-24 10:23:10 UTC,,\n"
    "bob@example.com,,,validating,premium,2023-03-24 10:23:10 UTC,,\n",
    "buttondown.csv": "id,email_address,notes,metadata,tags,referrer_url,type,source,creation_date,"
    "unsubscription_date,ip_address\n"
    'b1,dan@example.com,,"{""plan"": ""gold"", ""seats"": 3}","[""VIP"", ""Pilot""]",'
    "https://example.org,regular,form,2024-02-03T04:05:06.789Z,,203.0.113.9\n"
    "b2,dee@example.com,,{},[],,unsubscribed,import,2020-01-01T00:00:00Z,2021-01-01T00:00:00Z,\n"
    "b3,dot@example.com,,,,,unactivated,form,2024-02-03T04:05:06Z,,\n"
    "b4,dov@example.com,,,VIP,,churning,form,2024-02-03T04:05:06Z,,\n",
    "kit.csv": "id,first_name,email,state,created_at,tags,City\n"
    '1,Kai,kai@example.com,active,2024-05-06T07:08:09Z,"creators, pilots",Oslo\n'
    "2,Kay,kay@example.com,cancelled,2024-05-06T07:08:09Z,,\n"
    "3,Ken,ken@example.com,complained,2024-05-06T07:08:09Z,,\n"
    "4,Kit,kit@example.com,inactive,2024-05-06T07:08:09Z,,\n"
    "5,Kok,kok@example.com,bounced,2024-05-06T07:08:09Z,,\n",
    "subscribers.csv": "uuid,email,name,attributes,status,created_at,updated_at\n"
    'u1,lia@example.com,Lia,"{""city"": ""Bern"", ""level"": 3}",enabled,'
    "2023-01-01 10:00:00.123456 +0000 UTC,2023-01-01 10:00:00 +0000 UTC\n"
    "u2,leo@example.com,Leo,{},blocklisted,2023-01-01 10:00:00.123456 +0000 UTC,\n",
}
SERVICE = {
    "email_list.quay.csv": "substack", "members.2026-11-01.csv": "ghost",
    "beehiiv.csv": "beehiiv", "buttondown.csv": "buttondown", "kit.csv": "kit",
    "subscribers.csv": "listmonk",
}  # fmt: skip
STATUS = {
    "kim": "active", "lou": "active", "una": "unsubscribed", "cle": "bounced", "sam": "active",
    "sue": "unsubscribed", "gus": "active", "gil": "unsubscribed", "bea": "active",
    "ben": "unsubscribed", "bob": "pending", "dan": "active", "dee": "unsubscribed",
    "dot": "pending", "dov": "active", "kai": "active", "kay": "unsubscribed", "ken": "complained",
    "kit": "pending", "kok": "bounced", "lia": "active", "leo": "unsubscribed",
}  # fmt: skip


@pytest.fixture
def exports(tmp_path: Path) -> Path:
    for name, text in EXPORTS.items():
        (tmp_path / name).write_text(text, "utf-8")
    return tmp_path


def import_all(store: Engine, folder: Path, now: datetime) -> intake.Report:
    report = intake.Report()
    for path in files.within(folder):
        assert isinstance(path, Path)
        report.add(
            intake.import_rows(
                lambda: database.writing(store), files.read(path), file=path.name, now=now
            )
        )
    return report


def held(store: Engine, who: str) -> dict[str, Any]:
    with database.reading(store) as session:
        return records.everything(session, records.find(session, f"{who}@example.com"))


@pytest.mark.parametrize("name", EXPORTS)
def test_every_export_is_recognised(exports: Path, name: str) -> None:
    described: list[Description] = []
    list(files.read(exports / name, describe=described.append))
    assert described[0].service == SERVICE.get(name, "mailchimp")
    assert described[0].service in services.NAMES


def test_everybody_stands_as_the_service_says(store: Engine, exports: Path, now: datetime) -> None:
    report = import_all(store, exports, now)
    assert (report.added, report.rejected.number, report.warnings.number) == (len(STATUS), 0, 0)
    with database.reading(store) as session:
        rows = session.execute(sa.select(Subscriber.email, Subscriber.status)).all()
    assert {email.partition("@")[0]: str(status) for email, status in rows} == STATUS


def test_names_tags_places_and_other_columns_come_along(
    store: Engine, exports: Path, now: datetime
) -> None:
    import_all(store, exports, now)
    kim = held(store, "kim")
    assert (kim["name"], kim["timezone"]) == ("Kim Vega", "America/Lima")
    assert kim["attributes"]["tags"] == ["VIP", "Pilot, early"]
    assert kim["attributes"]["country"] == "PE"
    assert kim["attributes"]["company"] == "Quay Ltd"
    assert "notes" not in kim["attributes"]
    assert held(store, "gus")["attributes"] == {
        "id": "63f1", "note": "met in May", "complimentary_plan": "false", "tags": ["Pilot", "VIP"],
    }  # fmt: skip
    assert held(store, "sam")["attributes"]["plan"] == "yearly"
    dan = held(store, "dan")["attributes"]
    assert (dan["plan"], dan["seats"], dan["tags"]) == ("gold", 3, ["VIP", "Pilot"])
    assert held(store, "bea")["name"] == "Bea Ito"
    assert held(store, "kai")["attributes"]["tags"] == ["creators", "pilots"]
    assert held(store, "lia")["attributes"] == {
        "city": "Bern", "level": 3, "uuid": "u1", "updated_at": "2023-01-01 10:00:00 +0000 UTC",
    }  # fmt: skip


def test_consent_is_logged_as_it_was_given(store: Engine, exports: Path, now: datetime) -> None:
    import_all(store, exports, now)
    (kim,) = held(store, "kim")["consent"]
    assert (kim["at"], kim["source"]) == ("2019-03-04T10:00:00+00:00", "import")
    proof = kim["proof"]
    assert (proof["service"], proof["address"]) == ("mailchimp", "203.0.113.5")
    assert proof["confirmed_at"] == "2019-03-04T10:05:00+00:00"
    assert proof["imported_at"] == now.isoformat()
    given, left = held(store, "una")["consent"]
    assert (given["at"], given["after"]) == ("2018-02-12T10:54:27+00:00", "active")
    assert (left["at"], left["before"]) == ("2020-05-13T10:18:25+00:00", "active")
    assert left["after"] == "unsubscribed"
    (dan,) = held(store, "dan")["consent"]
    assert (dan["at"], dan["proof"]["address"]) == (
        "2024-02-03T04:05:06.789000+00:00",
        "203.0.113.9",
    )
    (lou,) = held(store, "lou")["consent"]
    assert lou["at"] == now.isoformat()


def test_consent_of_readers_who_are_known_is_logged_once(
    store: Engine, exports: Path, now: datetime
) -> None:
    file = exports / "before.jsonl"
    file.write_text('{"email": "kim@example.com"}\n{"email": "gil@example.com"}\n')
    intake.import_rows(lambda: database.writing(store), files.read(file), file="f", now=now)
    file.unlink()
    for _ in range(2):
        import_all(store, exports, now)
        given, known = held(store, "kim")["consent"]
        assert (given["at"], given["after"]) == ("2019-03-04T10:00:00+00:00", "active")
        assert given["proof"]["address"] == "203.0.113.5"
        assert known["before"] is None
        assert [one["after"] for one in held(store, "gil")["consent"]] == ["active", "unsubscribed"]


def test_a_second_import_changes_nothing(store: Engine, exports: Path, now: datetime) -> None:
    import_all(store, exports, now)
    before = {who: held(store, who) for who in STATUS}
    again = import_all(store, exports, datetime(2027, 1, 1, tzinfo=UTC))
    assert (again.added, again.updated, again.unchanged) == (0, 0, len(STATUS))
    assert {who: held(store, who) for who in STATUS} == before


@pytest.mark.parametrize("status", ["unsubscribed", "bounced", "complained", "suppressed"])
def test_who_has_left_stays_gone(store: Engine, exports: Path, now: datetime, status: str) -> None:
    file = exports / "before.jsonl"
    if status == "suppressed":
        with database.writing(store) as session:
            for who in STATUS:
                email = f"{who}@example.com"
                consent.suppress(session, email, reason="erased", now=now, proof={})
    else:
        file.write_text(
            "".join(f'{{"email": "{who}@example.com", "status": "{status}"}}\n' for who in STATUS)
        )
        intake.import_rows(lambda: database.writing(store), files.read(file), file="f", now=now)
        file.unlink()
    before = [] if status == "suppressed" else [held(store, who) for who in STATUS]
    report = import_all(store, exports, now)
    assert (report.added, report.updated) == (0, 0)
    assert before == ([] if status == "suppressed" else [held(store, who) for who in STATUS])
    with database.reading(store) as session:
        statuses = set(session.scalars(sa.select(Subscriber.status)))
        events = session.scalar(sa.select(sa.func.count(ConsentEvent.id)))
    assert {str(one) for one in statuses} == (set() if status == "suppressed" else {status})
    assert events == (0 if status == "suppressed" else len(STATUS))


def test_lists_from_elsewhere_wake_nobody_who_paused_here(
    store: Engine, exports: Path, now: datetime
) -> None:
    for status, who in (("paused", "kim"), ("active", "dot"), ("active", "una")):
        file = exports / "before.jsonl"
        file.write_text(f'{{"email": "{who}@example.com", "status": "{status}"}}\n')
        intake.import_rows(lambda: database.writing(store), files.read(file), file="f", now=now)
        file.unlink()
    report = import_all(store, exports, now)
    assert report.held == 2
    assert held(store, "kim")["status"] == "paused"
    assert held(store, "dot")["status"] == "active"
    assert held(store, "una")["status"] == "unsubscribed"  # leaving elsewhere counts here


def test_nobody_elses_list_is_taken_for_one_of_a_service() -> None:
    for header in ("email name roles topics", "emailaddress firstname lastname", "email status",
                   "email attributes status roles topics frequency"):  # fmt: skip
        assert services.recognised(header.split()) is None
