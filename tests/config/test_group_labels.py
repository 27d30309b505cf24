"""Labels that tell platforms apart: what they may be called, and what is said of those that may not."""

from __future__ import annotations

import pytest

from alerts.catalogue import alerts
from alerts.settings import Settings as Alerts
from dashboards.build import boards
from dashboards.settings import Settings as Boards
from dashboards.vocabulary.queries import _own, labels_of
from exporter.config import parse
from exporter.config.group_labels import TAKEN, checked_names
from exporter.errors import ConfigError
from exporter.metrics.catalogue import FAMILIES

GOOD = "database: {url: 'postgresql://db/x'}\n"


def test_an_exporter_may_have_labels_of_its_own() -> None:
    assert parse(GOOD, "x", {}).labels == {}
    assert parse(GOOD + "labels: {platform: eu, region: west}", "x", {}).labels == {"platform": "eu", "region": "west"}


@pytest.mark.parametrize(
    ("labels", "said"),
    [
        ("{le: '1'}", "'le' means something already in metrics, rules or boards; choose another, such as cluster"),
        ("{instance: a}", "'instance' means something already in metrics, rules or boards; choose another, such as "),
        ("{job: a}", "'job' means something"),
        ("{tenant: a}", "'tenant' means something"),
        ("{campaign_id: a}", "'campaign_id' means something"),
        ("{__x: a}", "'__x': names that begin with __ are Prometheus's own; choose another, such as cluster"),
        ("{data-center: a}", "'data-center' is not the name of a label; write letters, digits and _, such as cluster"),
        ("{9th: a}", "'9th' is not the name of a label"),
        ("{cluster: ''}", "cluster: '' is empty, which is as good as none; write a value, or leave it out"),
        ("{cluster: '  '}", "cluster: '  ' is empty"),
        ("{cluster: ' a'}", "cluster: ' a' has blanks around it or signs that nobody sees; leave them out"),
        (f"{{cluster: {'a' * 101}}}", f"cluster: '{'a' * 60}…' has 101 signs; 100 are the most, write a shorter one"),
    ],
)
def test_a_label_that_clashes_or_tells_nothing_is_refused_in_a_sentence(labels: str, said: str) -> None:
    with pytest.raises(ConfigError) as refused:
        parse(f"{GOOD}labels: {labels}", "x", {})
    assert str(refused.value).startswith(f"x:2: labels: {said}")
    assert "\n" not in str(refused.value)


def test_a_value_that_is_no_text_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"x:2: labels.cluster: 1: not a text; put it into quotes"):
        parse(f"{GOOD}labels: {{cluster: 1}}", "x", {})


def test_a_label_that_is_named_twice_is_refused() -> None:
    with pytest.raises(ValueError, match="'cluster' is listed 2 times; name it once"):
        checked_names(["cluster", "region", "cluster"])


def test_no_label_of_a_metric_may_be_a_group_label() -> None:
    used = {label for family in FAMILIES for label in family.all_labels}
    used |= {label for labels in _own().values() for label in labels} | labels_of("ALERTS")
    assert used - TAKEN == set()


def test_no_label_of_an_alert_may_be_a_group_label() -> None:
    used = {label for each in alerts(Alerts()) for label in (*each.about, *each.labels)}
    assert used - TAKEN == set()


def test_no_variable_of_a_board_may_be_a_group_label() -> None:
    used = {variable["name"] for board in boards(Boards()) for variable in board.variables}
    assert used - TAKEN == set()
