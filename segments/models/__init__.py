"""What segments remembers: customers, events, traits, stages, segments."""

from segments.models.column import Block, Column
from segments.models.consent_change import ConsentChange
from segments.models.customer import Consent, Customer, Identifier
from segments.models.customer_export import CustomerExport
from segments.models.customer_import import CustomerImport, CustomerImportRow
from segments.models.customer_list import CustomerList
from segments.models.day_set import DaySet
from segments.models.definition import Definition
from segments.models.delivery import DeadLetter, Delivery
from segments.models.event import EventDay, EventProperty, EventType
from segments.models.event_import import EventImport
from segments.models.event_source import EventSource, SourceDay, WriteKey
from segments.models.heard import HeardEvent, Listener
from segments.models.import_preset import ImportPreset
from segments.models.inbox import DirtyDay, InboxBatch, InboxEvent, ReceivedKey
from segments.models.live_set import LiveSet, LiveSetChange
from segments.models.merge import Merge, Suspect
from segments.models.note import CustomerNote
from segments.models.privacy import ForgottenId, PrivacyRequest
from segments.models.scoring import Scoring, ScoringRun, TierFlow
from segments.models.segment import Segment, SegmentSnapshot, SegmentVersion
from segments.models.stage import (
    Stage,
    StageFlow,
    StageSet,
    StageSetVersion,
)
from segments.models.tag import Tag, TagChange
from segments.models.thing import Thing
from segments.models.trait import Trait, TraitPreview

__all__ = [
    "Block",
    "Column",
    "Consent",
    "ConsentChange",
    "Customer",
    "CustomerExport",
    "CustomerImport",
    "CustomerImportRow",
    "CustomerList",
    "CustomerNote",
    "DaySet",
    "DeadLetter",
    "Definition",
    "Delivery",
    "DirtyDay",
    "EventDay",
    "EventImport",
    "EventProperty",
    "EventSource",
    "EventType",
    "ForgottenId",
    "HeardEvent",
    "Identifier",
    "ImportPreset",
    "InboxBatch",
    "InboxEvent",
    "Listener",
    "LiveSet",
    "LiveSetChange",
    "Merge",
    "PrivacyRequest",
    "ReceivedKey",
    "Scoring",
    "ScoringRun",
    "Segment",
    "SegmentSnapshot",
    "SegmentVersion",
    "SourceDay",
    "Stage",
    "StageFlow",
    "StageSet",
    "StageSetVersion",
    "Suspect",
    "Tag",
    "TagChange",
    "Thing",
    "TierFlow",
    "Trait",
    "TraitPreview",
    "WriteKey",
]
