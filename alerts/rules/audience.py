"""Did the list arrive, and is it any good?"""

from __future__ import annotations

from alerts.rules.compliance import codes, held
from alerts.settings import Settings
from alerts.vocabulary.expressions import Rules
from alerts.vocabulary.rule import CAMPAIGN, Alert, Concern, Severity
from alerts.vocabulary.verdicts import blocked
from alerts.vocabulary.wording import Ask, of_campaign

_BY = "tenant, campaign"
_NEEDS = ("audience_uploads",)
_FILE = Ask(
    f"topk(1, max by (filename) ({of_campaign('campaign_audience_upload_info')}))",
    ("tenant", "campaign"), "{{ .Labels.filename }}", " File: ", ".",
)  # fmt: skip


def concern(q: Rules, s: Settings) -> Concern:
    """The rules."""
    return Concern(
        "audience", "Audience", (_failed(q), _missing(q), _rejected(q, s), _stuck(q, s), _unusable(q, s)), every=60
    )


def _upload(q: Rules, status: str) -> str:
    return f"max by ({_BY}) ({q.last('campaign_audience_upload_info', status=status)})"


def _live(q: Rules) -> str:
    status = q.last("campaign_status", status="=~scheduled|running|paused")
    return f"on ({_BY}) max by ({_BY}) ({status}) == 1"


def _failed(q: Rules) -> Alert:
    return Alert(
        "CampaignAudienceImportFailed",
        Severity.WARNING,
        CAMPAIGN,
        "The newest list file of the campaign could not be imported.",
        "The import of the newest list of {campaign} failed. It is {state}.{file}",
        "Read the error and mend the file; import it once more, after asking whether rows of it were kept.",
        f"{_upload(q, 'failed')} and {_live(q)}",
        ("campaign", 901),
        wait=60,
        keep=120,
        asks={"file": _FILE},
        needs=_NEEDS,
    )


def _missing(q: Rules) -> Alert:
    return Alert(
        "CampaignAudienceMissing",
        Severity.WARNING,
        CAMPAIGN,
        "The campaign runs and has no list to dial from.",
        "{campaign} is {state}{since}: no import of its list failed or is under way.",
        "Ask its owner for the list; import it, or end the campaign.",
        f"{blocked(q, 'audience')} unless on ({_BY}) {_upload(q, '=~failed|staged|processing')}",
        ("campaign", 901),
        wait=60,
        keep=120,
        labels={"verdict": "blocked", "gate": "audience"},
    )


def _rejected(q: Rules, s: Settings) -> Alert:
    rejected, total = (f"max by ({_BY}) ({q.last('campaign_audience_rows', state=x)})" for x in ("rejected", "total"))
    a = s.audience
    return Alert(
        "CampaignAudienceRowsRejected",
        Severity.WARNING,
        CAMPAIGN,
        "Many rows of the newest list file were rejected.",
        "{percent} of the rows of the newest list of {campaign} were rejected.{file}",
        "Look at the rejected rows before more is dialled from this file.",
        f"({rejected} / ({total} > 0) >= {a.rejected_share:g} and {rejected} >= {a.rejected_rows}) "
        f"and {_upload(q, 'imported')} and {_live(q)}",
        ("campaign", 901),
        wait=60,
        keep=120,
        asks={"file": _FILE},
        needs=("audience_uploads", "audience_uploads.rows_rejected"),
        rests_on=("audience.rejected_share", "audience.rejected_rows"),
    )


def _stuck(q: Rules, s: Settings) -> Alert:
    age = q.age("campaign_audience_uploaded_timestamp_seconds", ("tenant", "campaign"))
    return Alert(
        "CampaignAudienceStuck",
        Severity.WARNING,
        CAMPAIGN,
        "The import of a list file does not end.",
        "The newest list of {campaign} came {duration} ago and is still being imported.{file}",
        "Ask the platform's owners about the import; upload it again only when the first is out of the way.",
        f"({age} > {s.audience.stuck_after:g}) and {_upload(q, '=~staged|processing')} and {_live(q)}",
        ("campaign", 901),
        wait=60,
        keep=120,
        asks={"file": _FILE},
        needs=_NEEDS,
        rests_on=("audience.stuck_after",),
    )


def _unusable(q: Rules, s: Settings) -> Alert:
    return Alert(
        "CampaignListUnusable",
        Severity.WARNING,
        CAMPAIGN,
        "Many contacts cannot be called: their number is not valid, or their zone is missing.",
        "{value} pending tasks of {campaign} cannot be dialled as the list has them.{codes}",
        "Fix the list at its source and import it again; the rest may go on.",
        f"({held(q, 'audience', s.compliance)}) unless on ({_BY}) {q.told(verdict='blocked', gate='audience')}",
        ("campaign", 222),
        wait=120,
        keep=900,
        asks={"codes": codes("audience")},
        rests_on=("compliance.held_share", "compliance.held_tasks"),
    )
