"""Every resource of `/api/v1/`."""

from django.urls import include, path
from rest_framework.routers import DefaultRouter

from console.api.jobs import JobViewSet
from segments.api.segments import SegmentViewSet

router = DefaultRouter()
router.include_root_view = False
router.register("jobs", JobViewSet, basename="job")
router.register("segments", SegmentViewSet, basename="segment")

urlpatterns = [path("", include(router.urls))]
