"""The addresses that stand in mails."""

from django.urls import path

from campaigns.public import preferences, views

urlpatterns = [
    path("o/<str:token>.gif", views.pixel, name="tracked-open"),
    path("c/<str:token>", views.click, name="tracked-click"),
    path("p/<str:token>", preferences.choose, name="preferences"),
    path("u/<str:token>", views.unsubscribe, name="unsubscribe"),
]
