"""The change feed: that a record changed, in an order in which no reader misses one."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from crm.choices import FeedNoun


class FeedEntry(models.Model):
    """One change of one record. Written by triggers in the database, so that no way of writing can pass it by.

    ``transaction`` is the number of the writing transaction on PostgreSQL, and 0 on SQLite, where one writes at a time.
    Readers take entries in the order ``(transaction, id)`` and only below the oldest transaction that still runs: what
    commits later stands later. No texts are kept here: readers ask for the record itself, with their own rights.

    ``was_level``, ``was_unit``, ``was_user``: who could see the record before the change, for telling those who no longer
    can: its level, its unit, and the colleague to whom it was given. Empty where the change cannot have hidden it.
    """

    id = models.BigAutoField(primary_key=True)
    transaction = models.BigIntegerField(_("transaction"))
    at = models.DateTimeField(_("at"))
    noun = models.CharField(_("kind of record"), max_length=12, choices=FeedNoun.choices)
    object_pk = models.BigIntegerField(_("number of the record"))
    was_level = models.CharField(_("level before"), max_length=10, blank=True)
    was_unit = models.BigIntegerField(_("unit before"), null=True)
    was_user = models.BigIntegerField(_("given to before"), null=True)

    class Meta:
        verbose_name = _("entry of the change feed")
        verbose_name_plural = _("entries of the change feed")
        ordering = ["transaction", "id"]
        indexes = [
            models.Index(fields=["transaction", "id"], name="feed_in_order"),
            models.Index(fields=["at"], name="feed_by_time"),
        ]

    def __str__(self) -> str:
        return f"{self.transaction}.{self.id} {self.noun} {self.object_pk}"


class FeedState(models.Model):
    """One row: which life of the feed this is, and up to where old entries are gone.

    A database that was restored begins a new life (``generation``), since numbers of transactions and entries that
    readers hold may come again for other changes; their cursors then lead to a new first sync.
    """

    generation = models.PositiveIntegerField(_("generation"), default=1)
    pruned_transaction = models.BigIntegerField(default=-1)
    pruned_id = models.BigIntegerField(default=0)

    class Meta:
        verbose_name = _("state of the change feed")
        verbose_name_plural = _("state of the change feed")

    def __str__(self) -> str:
        return f"{self.generation}: {self.pruned_transaction}.{self.pruned_id}"
