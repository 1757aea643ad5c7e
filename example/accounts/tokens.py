"""The token of the activation link."""

from django.contrib.auth.tokens import PasswordResetTokenGenerator


class ActivationTokenGenerator(PasswordResetTokenGenerator):
    """Like the token for a password reset, but void once the account is activated.

    It expires after the setting PASSWORD_RESET_TIMEOUT, three days by default. An
    account that was closed after its activation cannot be opened with it again.
    """

    key_salt = "accounts.tokens.ActivationTokenGenerator"

    def _make_hash_value(self, user, timestamp):
        return f"{super()._make_hash_value(user, timestamp)}{user.activated_at}"


activation_token = ActivationTokenGenerator()
