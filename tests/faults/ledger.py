"""Each move of each delivery, noted by the database itself in the transaction that makes it.

Looking from time to time would miss what happens between two looks.
"""

from __future__ import annotations

from typing import Final

from notifications.models import Delivery, State

_DELIVERY: Final = Delivery._meta.db_table

TABLES: Final = f"""
CREATE TABLE faults_move (
    delivery_id bigint NOT NULL,
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    before smallint NOT NULL,
    after smallint NOT NULL,
    attempt_before smallint NOT NULL,
    attempt smallint NOT NULL,
    rank_before smallint NOT NULL,
    rank smallint NOT NULL
);
CREATE FUNCTION faults_note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO faults_move (delivery_id, before, after, attempt_before, attempt, rank_before, rank)
    VALUES (NEW.id, OLD.state, NEW.state, OLD.attempt, NEW.attempt, OLD.rank, NEW.rank);
    RETURN NULL;
END $$;
CREATE TRIGGER faults_note AFTER UPDATE ON {_DELIVERY} FOR EACH ROW
WHEN (OLD.state <> NEW.state OR OLD.rank <> NEW.rank OR OLD.attempt <> NEW.attempt)
EXECUTE FUNCTION faults_note();
"""  # noqa: S608

FALLEN: Final = f"""
SELECT delivery_id, before, after, attempt, rank_before, rank FROM faults_move
WHERE attempt < attempt_before
   OR (attempt = attempt_before AND rank < rank_before AND after <> {State.QUEUED.value})
   OR (before = {State.DELIVERED.value} AND after <> before)
"""  # noqa: S608
"""Moves that must not be: a rank may fall only on the way back to the queue, and never after delivery."""

EVER: Final = "SELECT COUNT(DISTINCT delivery_id) FROM faults_move WHERE after = %s"
"""How many deliveries have ever stood in a state."""

TIMES: Final = """
SELECT delivery_id, COUNT(*) FROM faults_move WHERE before = %s AND after = %s
GROUP BY delivery_id HAVING COUNT(*) > 1
"""
"""Deliveries that made the same move more than once."""
