-- upgrade

CREATE TABLE products (
    id    BIGINT AUTO_INCREMENT PRIMARY KEY,
    name  VARCHAR(200) NOT NULL,
    price DECIMAL(10, 2) NOT NULL
);

CREATE TABLE price_changes (
    product_id BIGINT NOT NULL,
    old_price  DECIMAL(10, 2) NOT NULL,
    new_price  DECIMAL(10, 2) NOT NULL,
    changed_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT price_changes_product FOREIGN KEY (product_id) REFERENCES products (id)
);

-- rollback

DROP TABLE price_changes;
DROP TABLE products;
