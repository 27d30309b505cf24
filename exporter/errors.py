"""What can go wrong, each with the thing, its value and the remedy. The first line of a docstring is its meaning."""

from __future__ import annotations


class CampaignExporterError(Exception):
    """Something this program can name and a person can mend."""


class ConfigError(CampaignExporterError):
    """The configuration cannot be used."""


class DatabaseUnavailableError(CampaignExporterError):
    """The database cannot be reached or does not answer; worth trying again."""


class ServerChangedError(DatabaseUnavailableError):
    """Another server or database answered than before: what was found out about it must be found out anew."""


class ContractError(CampaignExporterError):
    """The database lacks what nothing can be exported without."""


class ReplacedError(CampaignExporterError):
    """A view or a table under it was replaced while it was read: what was read is not one state of the database."""


class RowError(CampaignExporterError):
    """A view raises an error while a row is read; the other rows are read one by one."""


class StateError(CampaignExporterError):
    """A saved state cannot be used, or none can be saved."""


class UnknownIdError(CampaignExporterError):
    """The database has no campaign or task with the id that was asked for."""


class EndedError(CampaignExporterError):
    """The program has ended though nobody asked it to."""
