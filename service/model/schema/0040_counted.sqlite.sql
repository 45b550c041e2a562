CREATE TRIGGER publication_is_counted AFTER INSERT ON publication BEGIN
    UPDATE edition SET works = works + 1 WHERE key = NEW.edition;
END;
CREATE TRIGGER publication_is_counted_no_more AFTER DELETE ON publication BEGIN
    UPDATE edition SET works = works - 1 WHERE key = OLD.edition;
END;
