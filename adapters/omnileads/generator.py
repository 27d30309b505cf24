"""Rows of OMniLeads as Asterisk and its web application write them: one method for each thing that happens."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import date, timedelta
from importlib.resources import files
from typing import Any

from adapters.dialler import Dialler

ACTIVE, FINISHED, DELETED, PAUSED, INACTIVE, TEMPLATE = 2, 3, 4, 5, 6, 8
DIALLER = 2
BUSY, NO_ANSWER = 1, 3
_DAYS = ("domingo", "lunes", "martes", "miercoles", "jueves", "viernes", "sabado")
_SPOKEN = ("COMPLETEAGENT", "COMPLETEOUTNUM")
_LEFT_WAITING = {"ABANDON": "COMPLETEOUTNUM", "EXITWITHTIMEOUT": "COMPLETEAGENT"}


@dataclass(slots=True)
class Omnileads(Dialler):
    """An OMniLeads with one list of contacts for each campaign, at a time that its user moves."""

    calls: int = field(default=0)

    def install(self) -> None:
        """Its tables."""
        self.connection.execute(files("adapters.omnileads").joinpath("tables.sql").read_bytes())

    def campaign(
        self, name: str, contacts: int = 0, state: int = ACTIVE, hours: tuple[str, str] = ("00:00", "23:59"),
        kind: int = DIALLER, **columns: Any,
    ) -> int:  # fmt: skip
        """A campaign with a list of its own, its hours, its queue and its rules: busy twice, no answer once more."""
        made = self._insert(
            "ominicontacto_app_basedatoscontacto",
            nombre=name, fecha_alta=self.now, nombre_archivo_importacion=f"{name}.csv", cantidad_contactos=contacts,
            estado=1,
        )  # fmt: skip
        for place in range(contacts):
            self._insert(
                "ominicontacto_app_contacto",
                telefono=f"351555{place:04}", datos=json.dumps(["Ana"]), bd_contacto_id=made,
                id_externo=f"{name}-{place}",
            )  # fmt: skip
        campaign = self._insert(
            "ominicontacto_app_campana",
            estado=state, nombre=name, fecha_inicio=date(2026, 3, 1), bd_contacto_id=made, type=kind, **columns,
        )  # fmt: skip
        self._insert("queue_table", "campana_id", name=f"{campaign}_{name}", campana_id=campaign, maxlen=5)
        self._insert(
            "ominicontacto_app_actuacionvigente",
            campana_id=campaign, hora_desde=hours[0], hora_hasta=hours[1], **dict.fromkeys(_DAYS, True),
        )  # fmt: skip
        for outcome, times in ((BUSY, 2), (NO_ANSWER, 1)):
            self._insert(
                "ominicontacto_app_reglasincidencia",
                campana_id=campaign, estado=outcome, intento_max=times, reintentar_tarde=300,
            )  # fmt: skip
        return campaign

    def dial(self, campaign: int, contact: int, kind: int = DIALLER) -> str:
        """A contact is dialled: the id of the call."""
        self.calls += 1
        call = f"{int(self.now.timestamp())}.{self.calls}"
        self._log(call, campaign, contact, "DIAL", kind)
        return call

    def end(self, call: str, event: str, seconds: int = -1) -> None:
        """A call ends by this event: nobody spoke, somebody was left waiting, or an agent spoke with the contact."""
        campaign, contact, kind = self._one(
            "SELECT campana_id, contacto_id, tipo_llamada FROM reportes_app_llamadalog WHERE callid = %s LIMIT 1",
            (call,),
        )
        if event not in (*_SPOKEN, *_LEFT_WAITING):
            self._log(call, campaign, contact, event, kind)
            return
        self._log(call, campaign, contact, "ANSWER", kind)
        self._log(call, campaign, contact, "ENTERQUEUE", kind)
        if event in _SPOKEN:
            self._log(call, campaign, contact, "CONNECT", kind, agent=4)
        self.now += timedelta(seconds=max(seconds, 1))
        self._log(call, campaign, contact, _LEFT_WAITING.get(event, event), kind, seconds=seconds)
        self._log(call, campaign, contact, event, kind, agent=4 if event in _SPOKEN else -1, seconds=seconds)

    def contacts(self, campaign: int) -> list[int]:
        """The ids of a campaign's contacts."""
        return [
            int(row[0])
            for row in self.connection.execute(
                """SELECT p.id FROM ominicontacto_app_contacto AS p JOIN ominicontacto_app_campana AS c
                   USING (bd_contacto_id) WHERE c.id = %s ORDER BY p.id""",
                (campaign,),
            )
        ]

    def say(self, call: str, option: str, kind: int = 0) -> None:
        """The agent says what became of the contact; of kind 1 when a form was filled."""
        campaign, contact = self._one(
            "SELECT campana_id, contacto_id FROM reportes_app_llamadalog WHERE callid = %s LIMIT 1", (call,)
        )
        chosen = self._insert("ominicontacto_app_opcioncalificacion", campana_id=campaign, tipo=kind, nombre=option)
        self._insert(
            "ominicontacto_app_calificacioncliente",
            contacto_id=contact, opcion_calificacion_id=chosen, modified=self.now, callid=call,
        )  # fmt: skip

    def _log(
        self, call: str, campaign: int, contact: int, event: str, kind: int, agent: int = -1, seconds: int = -1
    ) -> None:
        self._insert(
            "reportes_app_llamadalog",
            time=self.now, callid=call, campana_id=campaign, tipo_campana=DIALLER, tipo_llamada=kind, agente_id=agent,
            event=event, numero_marcado="3515550000", contacto_id=contact, bridge_wait_time=-1,
            duracion_llamada=seconds, agente_extra_id=-1, campana_extra_id=-1, numero_extra="-1",
        )  # fmt: skip
