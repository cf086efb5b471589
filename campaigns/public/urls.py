"""The addresses that stand in mails, and those that providers and our own app ask."""

from django.urls import path

from campaigns.public import in_app, preferences, reports, views

urlpatterns = [
    path("o/<str:token>.gif", views.pixel, name="tracked-open"),
    path("c/<str:token>", views.click, name="tracked-click"),
    path("p/<str:token>", preferences.choose, name="preferences"),
    path("n/<str:token>", views.trap, name="tracked-trap"),
    path("r/<int:pk>/<str:token>", reports.receive, name="provider-reports"),
    path("a/<int:pk>/messages", in_app.waiting, name="in-app-waiting"),
    path("a/<int:pk>/standing", in_app.standing, name="in-app-standing"),
    path("a/<int:pk>/messages/<int:number>/<str:deed>", in_app.did, name="in-app-did"),
    path("u/<str:token>", views.unsubscribe, name="unsubscribe"),
]
