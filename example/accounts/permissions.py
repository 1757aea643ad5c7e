"""The answer to who may see and do what; every view asks here.

Every view requires a log-in (`LoginRequiredMiddleware`) unless it is marked as public
with Django's `login_not_required`.
"""

from functools import wraps

from django.core.exceptions import PermissionDenied


def visible_to(user, queryset, owner="owner"):
    """Return the rows of `queryset` that `user` may see and change.

    All of them for a range officer, otherwise those of the user's own authority.
    `owner` is the look-up from the queryset's model to the authority, such as
    "staff__owner".
    Use it with `get_object_or_404`: another authority's object does not exist.
    """
    if user.is_staff:
        return queryset
    return queryset.filter(**{owner: user.authority_id})


def range_officer_required(view):
    """Answer 403 to anyone but a range officer."""

    @wraps(view)
    def guarded(request, *args, **kwargs):
        if not request.user.is_staff:
            raise PermissionDenied
        return view(request, *args, **kwargs)

    return guarded
