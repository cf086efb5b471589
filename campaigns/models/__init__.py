"""What campaigns remembers: templates, campaigns, audiences, messages, results."""

from campaigns.models.account import ChannelAccount, GroupNotice
from campaigns.models.audience import Audience, AudienceGroup, Exclusion
from campaigns.models.campaign import Campaign
from campaigns.models.case import Case
from campaigns.models.contact import Contact, ContactHold, ContactPolicy, Holdout
from campaigns.models.coupon import Coupon, CouponBatch, CouponDay, Redemption
from campaigns.models.evaluation import Evaluation
from campaigns.models.evidence import Evidence
from campaigns.models.guard import Guard
from campaigns.models.in_app import InAppMessage
from campaigns.models.message import Message
from campaigns.models.money import Addition, Purse
from campaigns.models.phrase import Phrase
from campaigns.models.playbook import Play, Playbook, PlayResult, Turn
from campaigns.models.quote import Quote
from campaigns.models.result import CampaignResult
from campaigns.models.short_link import ShortLink
from campaigns.models.stop import CampaignPeriod, Stop
from campaigns.models.suppression import Suppression
from campaigns.models.template import MessageTemplate, TemplateRevision
from campaigns.models.trial import Trial
from campaigns.models.wave import Entrance, Intake, Lookout, Wave

__all__ = [
    "Addition",
    "Audience",
    "AudienceGroup",
    "Campaign",
    "CampaignPeriod",
    "CampaignResult",
    "Case",
    "ChannelAccount",
    "Contact",
    "ContactHold",
    "ContactPolicy",
    "Coupon",
    "CouponBatch",
    "CouponDay",
    "Entrance",
    "Evaluation",
    "Evidence",
    "Exclusion",
    "GroupNotice",
    "Guard",
    "Holdout",
    "InAppMessage",
    "Intake",
    "Lookout",
    "Message",
    "MessageTemplate",
    "Phrase",
    "Play",
    "PlayResult",
    "Playbook",
    "Purse",
    "Quote",
    "Redemption",
    "ShortLink",
    "Stop",
    "Suppression",
    "TemplateRevision",
    "Trial",
    "Turn",
    "Wave",
]
