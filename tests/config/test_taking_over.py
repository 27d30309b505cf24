"""What a running exporter takes over of a configuration that is read anew, and what it leaves for a restart."""

from __future__ import annotations

from exporter.config import Config, parse
from exporter.config.taking_over import TAKEN_OVER, Change, take_over
from scripts.generate_docs import settings

URL = "postgresql://reader@db.example.com/dialler"


def config(text: str = "", url: str = URL) -> Config:
    return parse(f"database: {{url: '{url}'}}\n{text}", "test")


def test_the_same_configuration_changes_nothing() -> None:
    change = take_over(config(), config())
    assert change == Change(config())
    assert change.sentence == "the configuration was read anew: it is the same"


def test_what_can_be_is_taken_over_and_the_rest_is_named() -> None:
    running = config("stale_after: 10m")
    read = config("stale_after: 20m\nretention: 1d\nrefresh: {interval: 5s, overlap: 1m}")
    change = take_over(running, read)
    assert change.taken == ("refresh.interval", "retention")
    assert change.left == ("refresh.overlap", "stale_after")
    assert change.config == config("stale_after: 10m\nretention: 1d\nrefresh: {interval: 5s}")
    assert change.sentence == (
        "the configuration was read anew; taken over with the next refresh: refresh.interval, retention; "
        "as before until the exporter is restarted: refresh.overlap, stale_after"
    )


def test_another_address_of_the_database_needs_a_restart_and_is_not_told() -> None:
    change = take_over(config(), config(url="postgresql://reader:hush@db2.example.com/dialler"))
    assert change.config == config()
    assert change.sentence.endswith("as before until the exporter is restarted: database.url")


def test_a_section_that_comes_or_goes_is_named() -> None:
    sharded = config("shard: {index: 0, total: 2}")
    assert take_over(config(), sharded).left == ("shard",)
    assert take_over(sharded, config()).left == ("shard",)


def test_what_is_taken_over_are_settings() -> None:
    assert TAKEN_OVER - {key for key, *_ in settings()} == set()
