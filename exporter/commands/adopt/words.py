"""Names as words: `ominicontacto_app_campana`, `campaignId` and `v_xml_cdr` are read alike, in a few languages."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from functools import lru_cache

_PARTS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")


def every(text: str) -> frozenset[str]:
    """The words of a line."""
    return frozenset(text.split())


_SPELLINGS: Mapping[str, str] = {
    # What is dialled.
    "campaign": "campana campanha campanya kampagne campagne campagna broadcast callout cmp",
    "contact": "contacto contato kontakt lead prospect prospecto recipient callee destinatario hopper subscriber",
    "customer": "client cliente kunde",
    "call": "llamada chamada appel anruf cdr phonecall dialog",
    "attempt": "intento tentativa try tries versuch tentative",
    "task": "tarea tarefa job",
    "phone": "telefono telefone telephone telefon tel msisdn mobile celular e164 cell",
    "number": "numero nummer num nr",
    "did": "ddi callerid cli",
    "tenant": "organization organisation organizacion org account company empresa workspace compania partner",
    "agent": "agente bot assistant persona asistente",
    "list": "lista liste audience segment database bd base batch",
    "trunk": "troncal gateway carrier gw",
    # What becomes of it.
    "status": "estado state estatus situacao stato statut zustand",
    "outcome": "result resultado",
    "disposition": "calificacion disposicion tipificacion classification wrapup",
    "cause": "reason motivo razon",
    "error": "err errored falla fallo",
    "event": "evento",
    "cost": "price costo coste custo amount charge",
    "duration": "duracion duracao length dauer duree",
    "talk": "bill billed conversation connected talking habla",
    "second": "sec seconds segundo segundos secs",
    "score": "quality puntaje",
    "priority": "prioridad prioridade prio",
    "limit": "limite channel channels",
    "concurrency": "concurrent concurrente parallel simultaneous",
    "max": "maximum maximo maxim",
    "count": "cantidad cnt total qty",
    "retry": "retries reintento redial",
    # When.
    "start": "started inicio begin began launch launched starting inicial",
    "end": "ended fin finish finished final stop stopped close closed terminated",
    "disconnect": "disconnected",
    "complete": "completed finalizada finalizado completada",
    "answer": "answered contestada atendida atendido contestado responded pickup",
    "create": "created creacion creado criado criacao insert inserted added alta creation entry",
    "update": "updated modified modify modificacion modificado actualizado changed atualizado mtime change",
    "delete": "deleted borrado eliminado removed",
    "schedule": "scheduled programada agendado planned agenda",
    "pause": "paused pausing pausada halt halted held",
    "last": "ultimo ultima latest",
    "next": "proximo proxima siguiente",
    "timezone": "tz zona",
    "expire": "expires expired expiry expiration vence",
    "dial": "dialed dialled dialing marcado marcada discado",
    # Codes.
    "fail": "failed failure fallida fallido falha unsuccessful",
    "success": "succeeded successful exito exitosa exitoso ok done",
    "cancel": "cancelled canceled cancelada cancelado abort aborted revoked",
    "busy": "ocupado ocupada",
    "reject": "rejected rechazada declined refused deny denied",
    "active": "activa activo live running enabled",
    "inactive": "inactiva inactivo disabled",
    "pending": "pendiente pendente waiting queued new ready fresh nueva nuevo",
    "progress": "processing curso ongoing progreso",
    "ring": "ringing",
    "draft": "borrador rascunho template",
    "archive": "archived",
    "voicemail": "vm amd machine contestador buzon",
    "human": "person humano",
    "name": "nombre nome title titulo",
    "currency": "moneda",
    "transcript": "transcription",
    "history": "historical historico",
    "config": "configuration setting options",
    "user": "usuario owner",
    "record": "recording grabacion",
    "hour": "hora",
    "id": "uuid guid pk",
}  # fmt: skip
_WORDS: Mapping[str, str] = {
    **{spelling: word for word, spellings in _SPELLINGS.items() for spelling in spellings.split()},
    **{word: word for word in _SPELLINGS},
}
_GLUE = every(
    "en el la de by of to for no not unique link queue code type is on at date time log step origin reach"
    " wait exit with out in caller ring hangup cancel failed request connect"
)
"""Further words that names are glued of, as in `llamadalog`."""

_SAME = frozenset({"previous", "status", "address", "sms", "dids", "success", "ts", "progress", "dos"})
NOISE = every("at date time timestamp ts on datetime stamp dt fecha epoch utc unix is the of de en ms")


def words(name: str) -> tuple[str, ...]:
    """The words of a name in the field's English, singular: `fecha_inicio` is (fecha, start)."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    found = [word for part in _PARTS.findall(plain) for word in _split(part.lower())]
    for place in range(len(found) - 1, 0, -1):
        if found[place - 1 : place + 1] == ["time", "zone"]:
            found[place - 1 : place + 1] = ["timezone"]
    return tuple(found)


def meaning(name: str) -> frozenset[str]:
    """The words that tell columns apart: `startTime`, `started_at` and `fecha_inicio` are {start}."""
    found = frozenset(words(name))
    return found - NOISE or found


def any_of(found: Iterable[str], wanted: str) -> bool:
    """Whether one of these words is among them."""
    return not every(wanted).isdisjoint(found)


@lru_cache(maxsize=8192)
def _split(part: str) -> tuple[str, ...]:
    if (whole := _word(part)) is not None:
        return (whole,)
    return _glued(part) or (_singular(part),)


def _word(part: str) -> str | None:
    for each in (part, _singular(part)):
        if each in _WORDS:
            return _WORDS[each]
        if each in _GLUE or each in NOISE:
            return each
    return None


def _singular(part: str) -> str:
    if part in _SAME or part.endswith("ss") or len(part) < 4:
        return part
    if part.endswith("ies"):
        return part[:-3] + "y"
    return part[:-1] if part.endswith("s") else part


def _glued(part: str) -> tuple[str, ...]:
    """A name of known words without anything between them, the longest first; nothing where a rest remains."""
    for size in range(len(part) - 1, 1, -1):
        if (first := _word(part[:size])) is not None:
            rest = _split(part[size:]) if _word(part[size:]) is not None else _glued(part[size:])
            if rest:
                return (first, *rest)
    return ()
