-- At the commit: the row of the edition is then the last that a transaction locks, behind the ledger's lock, which all that
-- publish and withdraw hold by then. So nobody waits for it longer than for the ledger, and no two wait for each other.
CREATE FUNCTION publication_is_counted() RETURNS trigger LANGUAGE plpgsql AS $counted$
BEGIN
    IF TG_OP = 'INSERT' THEN
        UPDATE edition SET works = works + 1 WHERE key = NEW.edition;
    ELSE
        UPDATE edition SET works = works - 1 WHERE key = OLD.edition;
    END IF;
    RETURN NULL;
END $counted$;
CREATE CONSTRAINT TRIGGER publication_is_counted AFTER INSERT OR DELETE ON publication
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION publication_is_counted();
