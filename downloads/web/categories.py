"""Pages of categories: list, create, edit, delete."""

from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse_lazy
from django.views.generic import CreateView, DeleteView, UpdateView

from downloads.models.category import Category
from downloads.models.seeding_goal import GOAL_FIELDS
from downloads.web.option_forms import FoldingForm


class CategoryForm(FoldingForm):
    """The name and the folder of a category."""

    class Meta:
        model = Category
        fields = ["name", "folder", *GOAL_FIELDS]
        widgets = {"folder": forms.TextInput(attrs={"placeholder": "Films/HD"})}


class Categories(CreateView):
    """The categories of a person, and a form for another one."""

    form_class = CategoryForm
    template_name = "downloads/categories.html"
    success_url = reverse_lazy("downloads:categories")

    def get_form_kwargs(self) -> dict[str, Any]:
        owner: Any = self.request.user
        return super().get_form_kwargs() | {"instance": Category(owner=owner)}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        there = Count("downloads", filter=Q(downloads__delete_requested=False))
        mine = (
            Category.objects.visible_to(self.request.user).annotate(number=there).order_by("name")
        )
        return super().get_context_data(**kwargs) | {"categories": mine}

    def form_valid(self, form: Any) -> HttpResponse:
        messages.success(self.request, f"Category “{form.instance}” created.")
        return super().form_valid(form)


class OwnCategory:
    """One category of the signed-in person; everybody else's are 404."""

    request: HttpRequest

    def get_queryset(self) -> QuerySet:
        return Category.objects.visible_to(self.request.user)


class EditCategory(OwnCategory, UpdateView):
    """Edits name and folder; with the folder, finished files move."""

    form_class = CategoryForm
    template_name = "downloads/category.html"
    title = "Change the category"
    success_url = reverse_lazy("downloads:categories")

    def form_valid(self, form: Any) -> HttpResponse:
        """Store it, and have the files follow."""
        answer = super().form_valid(form)
        if "folder" in form.changed_data:
            self.object.move_files()
        messages.success(self.request, f"“{self.object}” is stored.")
        return answer


class DeleteCategory(OwnCategory, DeleteView):
    """Removes a category; its downloads and their files stay where they are."""

    template_name = "downloads/confirm_delete_category.html"
    success_url = reverse_lazy("downloads:categories")

    def form_valid(self, form: Any) -> HttpResponse:
        messages.success(self.request, f"The category “{self.object}” is gone.")
        return super().form_valid(form)
