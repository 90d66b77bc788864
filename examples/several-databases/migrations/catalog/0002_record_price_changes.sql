-- upgrade

DELIMITER //

CREATE TRIGGER products_price AFTER UPDATE ON products FOR EACH ROW
BEGIN
    IF NEW.price <> OLD.price THEN
        INSERT INTO price_changes (product_id, old_price, new_price) VALUES (NEW.id, OLD.price, NEW.price);
    END IF;
END//

DELIMITER ;

-- rollback

DROP TRIGGER products_price;
