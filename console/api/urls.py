"""Every resource of `/api/v1/`."""

from django.urls import include, path
from rest_framework.routers import DefaultRouter

from campaigns.api.campaigns import CampaignViewSet
from campaigns.api.cases import CaseViewSet
from campaigns.api.coupons import CouponBatchViewSet, CouponViewSet
from campaigns.api.playbooks import PlaybookViewSet
from campaigns.api.stops import StopViewSet
from campaigns.api.templates import TemplateViewSet
from console.api.approvals import ApprovalViewSet
from console.api.budgets import BudgetViewSet
from console.api.jobs import JobViewSet
from console.api.meetings import MeetingViewSet
from console.api.requests import TeamRequestViewSet
from console.api.transfers import TransferViewSet
from console.api.work import WorkViewSet
from metrics.api.comparison import ComparisonViewSet
from metrics.api.lifetime import LifetimeViewSet
from metrics.api.metric import MeasurementViewSet, MetricViewSet
from metrics.api.money import GoalViewSet, SpendViewSet
from metrics.api.proposal import ProposalViewSet
from metrics.api.report import ReportViewSet
from segments.api.customers import CustomerViewSet
from segments.api.lists import CustomerListViewSet
from segments.api.scorings import ScoringViewSet
from segments.api.segments import SegmentViewSet
from segments.api.stages import StageSetViewSet
from segments.api.tags import TagViewSet
from segments.api.traits import TraitViewSet

router = DefaultRouter()
router.include_root_view = False
router.include_format_suffixes = False  # everything is JSON
router.register("approvals", ApprovalViewSet, basename="approval")
router.register("budgets", BudgetViewSet, basename="budget")
router.register("transfers", TransferViewSet, basename="transfer")
router.register("jobs", JobViewSet, basename="job")
router.register("requests", TeamRequestViewSet, basename="request")
router.register("work", WorkViewSet, basename="work")
router.register("meetings", MeetingViewSet, basename="meeting")
router.register("customers", CustomerViewSet, basename="customer")
router.register("segments", SegmentViewSet, basename="segment")
router.register("lists", CustomerListViewSet, basename="list")
router.register("stage-sets", StageSetViewSet, basename="stage-set")
router.register("tags", TagViewSet, basename="tag")
router.register("traits", TraitViewSet, basename="trait")
router.register("scorings", ScoringViewSet, basename="scoring")
router.register("templates", TemplateViewSet, basename="template")
router.register("campaigns", CampaignViewSet, basename="campaign")
router.register("stops", StopViewSet, basename="stop")
router.register("cases", CaseViewSet, basename="case")
router.register("coupons", CouponViewSet, basename="coupon")
router.register("coupon-batches", CouponBatchViewSet, basename="coupon-batch")
router.register("playbooks", PlaybookViewSet, basename="playbook")
router.register("lifetime", LifetimeViewSet, basename="lifetime")
router.register("proposals", ProposalViewSet, basename="proposal")
router.register("goals", GoalViewSet, basename="goal")
router.register("spend", SpendViewSet, basename="spend")
router.register("comparisons", ComparisonViewSet, basename="comparison")
router.register("metrics", MetricViewSet, basename="metric")
router.register(r"metrics/(?P<key>[-\w]+)/measurements", MeasurementViewSet, basename="measurement")

urlpatterns = [
    path("reports/", ReportViewSet.as_view({"get": "list"}), name="report-list"),
    path(
        "reports/<slug:kind>/",
        ReportViewSet.as_view({"get": "retrieve", "post": "ask"}),
        name="report-detail",
    ),
    path("", include(router.urls)),
]
