-- Views that have stopped stay so: a step that began before, and whose answer came late, must not bring them to life again on a log that is gone.
CREATE TRIGGER view_cursors_stopped BEFORE INSERT ON view_cursors
WHEN NEW.view = '*' AND EXISTS (SELECT 1 FROM view_cursors WHERE tenant = NEW.tenant AND view = '*' AND state = 'stopped')
BEGIN
  SELECT RAISE(ABORT, 'view_guard: the views have stopped');
END;
