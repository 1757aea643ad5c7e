"""Signing up and in, a user's profile, and the lists that officers keep."""

import logging
from smtplib import SMTPException

from axes.utils import reset as forget_failed_logins
from django.contrib import messages
from django.contrib.auth import views as auth_views
from django.contrib.auth.decorators import login_not_required
from django.contrib.messages.views import SuccessMessageMixin
from django.core.mail import send_mail
from django.core.paginator import Paginator
from django.db import transaction
from django.db.models import Count
from django.shortcuts import get_object_or_404, redirect, render
from django.template.loader import render_to_string
from django.urls import reverse, reverse_lazy
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_safe

from measuring.limits import ROWS_A_PAGE

from .forms import AuthorityForm, ProfileForm, SignUpForm
from .models import Authority, User
from .permissions import range_officer_required
from .tokens import activation_token

logger = logging.getLogger(__name__)


@login_not_required
@sensitive_post_parameters()
def sign_up(request):
    """Accept a sign-up and send the activation link; the answer reveals nothing."""
    form = SignUpForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            with transaction.atomic():
                _send_sign_up_mail(request, form.save())
        except (SMTPException, OSError):
            logger.exception("The sign-up e-mail could not be sent")
            form.add_error(
                None, "The e-mail could not be sent. Please try again in a few minutes."
            )
        else:
            return redirect("accounts:sign_up_sent")
    return render(request, "accounts/sign_up.html", {"form": form})


def _send_sign_up_mail(request, user):
    """Send the activation link, or, to an activated user, the way to log in."""
    if user.activated_at:
        subject = "You already have an account"
        template = "accounts/mail/account_exists.txt"
        path = reverse("accounts:login")
    else:
        subject = "Activate your account"
        template = "accounts/mail/activation.txt"
        path = reverse(
            "accounts:activate", args=[user.pk, activation_token.make_token(user)]
        )
    context = {"user": user, "link": request.build_absolute_uri(path)}
    send_mail(
        subject=f"Staff Calibration: {subject}",
        message=render_to_string(template, context),
        from_email=None,
        recipient_list=[user.email],
    )


@login_not_required
@require_safe
def sign_up_sent(request):
    return render(request, "accounts/sign_up_sent.html")


@login_not_required
def activate(request, pk, token):
    """Show the activation button, and activate by POST.

    Mail scanners open links; they do not press buttons.
    """
    user = User.objects.filter(pk=pk).first()
    if not activation_token.check_token(user, token):
        return render(request, "accounts/activation_invalid.html", status=404)
    if request.method == "POST":
        user.is_active = True
        user.save()
        messages.success(request, "Your account is active. Please log in.")
        return redirect("accounts:login")
    return render(request, "accounts/activate.html", {"new_user": user})


class PasswordChangeView(SuccessMessageMixin, auth_views.PasswordChangeView):
    template_name = "accounts/password_change.html"
    success_url = reverse_lazy("accounts:profile")
    success_message = "Your password has been changed."


class PasswordResetConfirmView(
    SuccessMessageMixin, auth_views.PasswordResetConfirmView
):
    """Set a new password, which also ends a lock after too many failed log-ins."""

    template_name = "accounts/password_reset_confirm.html"
    success_url = reverse_lazy("accounts:login")
    success_message = "Your password has been set. Please log in."

    def form_valid(self, form):
        forget_failed_logins(username=self.user.email)
        return super().form_valid(form)


def profile(request):
    form = ProfileForm(request.POST or None, instance=request.user)
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, "Your profile has been saved.")
        return redirect("accounts:profile")
    return render(request, "accounts/profile.html", {"form": form})


@require_safe
@range_officer_required
def user_list(request):
    users = Paginator(User.objects.select_related("authority"), ROWS_A_PAGE)
    page = users.get_page(request.GET.get("page"))
    return render(request, "accounts/user_list.html", {"page": page})


@require_safe
@range_officer_required
def authority_list(request):
    authorities = Authority.objects.annotate(user_count=Count("users")).order_by("name")
    page = Paginator(authorities, ROWS_A_PAGE).get_page(request.GET.get("page"))
    return render(request, "accounts/authority_list.html", {"page": page})


@range_officer_required
def authority_add(request):
    return _edit_authority(request, Authority())


@range_officer_required
def authority_change(request, pk):
    return _edit_authority(request, get_object_or_404(Authority, pk=pk))


def _edit_authority(request, authority):
    form = AuthorityForm(request.POST or None, instance=authority)
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, f"{authority} has been saved.")
        return redirect("accounts:authority_list")
    return render(request, "accounts/authority_form.html", {"form": form})
