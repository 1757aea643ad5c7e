"""The people who use the range, and the authority each of them works for."""

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.core.validators import RegexValidator
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone


class Authority(models.Model):
    """A company or survey authority: the owner of staves, levels and calibrations."""

    name = models.CharField(max_length=200, unique=True)
    abbreviation = models.CharField(
        max_length=20,
        unique=True,
        validators=[
            RegexValidator(r"^[^a-z\s]+$", "Use capital letters without spaces.")
        ],
        help_text="Capital letters, at most 20.",
    )

    class Meta:
        ordering = ["name"]
        verbose_name_plural = "authorities"

    def __str__(self):
        return self.name


class UserManager(BaseUserManager):
    """Creates users by e-mail address and finds them without regard to case."""

    def create_user(self, email, password=None, **fields):
        if not email:
            raise ValueError("A user needs an e-mail address.")
        user = self.model(email=self.model.normalize_username(email), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email, password=None, **fields):
        rights = {"is_staff": True, "is_superuser": True}
        return self.create_user(email, password, **{**fields, **rights})

    def get_by_natural_key(self, email):
        return self.get(email=self.model.normalize_username(email))


class User(AbstractBaseUser, PermissionsMixin):
    """A surveyor, or (`is_staff`) a range officer; logs in by e-mail.

    `is_active` is off until the link sent at sign-up is opened, and again once an
    account is closed; `activated_at` tells the two apart.
    """

    email = models.EmailField(
        "e-mail",
        unique=True,
        error_messages={"unique": "A user with this e-mail address already exists."},
    )
    first_name = models.CharField(max_length=150)
    last_name = models.CharField(max_length=150)
    # Null for a superuser only: the first one is created before any authority.
    authority = models.ForeignKey(
        Authority,
        on_delete=models.PROTECT,
        related_name="users",
        null=True,
        blank=True,
    )
    is_active = models.BooleanField(
        "active", default=True, help_text="Untick this instead of deleting a user."
    )
    is_staff = models.BooleanField(
        "range officer",
        default=False,
        help_text="Measures the range and has access to the data of every authority.",
    )
    activated_at = models.DateTimeField(null=True, editable=False)

    objects = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS = []

    class Meta:
        ordering = ["last_name", "first_name", "email"]
        constraints = [
            # With the unique index above, no two addresses differ by case alone.
            models.CheckConstraint(
                condition=models.Q(email=Lower("email")),
                name="accounts_user_email_lower_case",
                violation_error_message="Write the e-mail address in lower case.",
            ),
            models.CheckConstraint(
                condition=models.Q(authority__isnull=False)
                | models.Q(is_superuser=True),
                name="accounts_user_has_authority",
                violation_error_message="Only a superuser can have no authority.",
            ),
        ]

    def __str__(self):
        return self.get_full_name() or self.email

    @classmethod
    def normalize_username(cls, username):
        """Return it in lower case, for `AbstractBaseUser.clean` and for the manager."""
        return super().normalize_username(username).lower()

    def save(self, *args, **kwargs):
        if self.is_active and self.activated_at is None:
            self.activated_at = timezone.now()
        super().save(*args, **kwargs)

    def get_full_name(self):
        return f"{self.first_name} {self.last_name}".strip()

    def get_short_name(self):
        return self.first_name or self.email
