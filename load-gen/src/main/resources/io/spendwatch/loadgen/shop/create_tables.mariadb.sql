-- The sample shop's tables on MariaDB and MySQL; those that are there already stay as they are.
-- Names of the store are TPC-DS's where that has such a column; times are UTC.

CREATE TABLE IF NOT EXISTS customer (
  c_customer_sk BIGINT NOT NULL PRIMARY KEY,
  c_customer_id CHAR(16) NOT NULL,
  c_first_name VARCHAR(20),
  c_last_name VARCHAR(30),
  -- Balance = opening balance - sales + returns, at each commit.
  c_opening_balance DECIMAL(12,2) NOT NULL,
  c_balance DECIMAL(12,2) NOT NULL,
  c_balance_at DATETIME(3) NOT NULL
) ENGINE = InnoDB;

CREATE TABLE IF NOT EXISTS item (
  i_item_sk BIGINT NOT NULL PRIMARY KEY,
  i_item_id CHAR(16) NOT NULL,
  i_product_name VARCHAR(50) NOT NULL,
  i_current_price DECIMAL(7,2) NOT NULL
) ENGINE = InnoDB;

CREATE TABLE IF NOT EXISTS inventory (
  inv_item_sk BIGINT NOT NULL PRIMARY KEY,
  inv_quantity_on_hand INT NOT NULL CHECK (inv_quantity_on_hand >= 0),
  FOREIGN KEY (inv_item_sk) REFERENCES item (i_item_sk)
) ENGINE = InnoDB;

-- A sale; its lines are store_sales.
CREATE TABLE IF NOT EXISTS store_ticket (
  st_ticket_number BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  st_customer_sk BIGINT NOT NULL,
  st_store_sk BIGINT NOT NULL,
  st_sold_at DATETIME(3) NOT NULL,
  FOREIGN KEY (st_customer_sk) REFERENCES customer (c_customer_sk)
) ENGINE = InnoDB;

CREATE TABLE IF NOT EXISTS store_sales (
  ss_ticket_number BIGINT NOT NULL,
  ss_item_sk BIGINT NOT NULL,
  ss_customer_sk BIGINT NOT NULL,
  ss_store_sk BIGINT NOT NULL,
  ss_sold_at DATETIME(3) NOT NULL,
  ss_quantity INT NOT NULL,
  ss_sales_price DECIMAL(7,2) NOT NULL,
  ss_net_paid DECIMAL(9,2) NOT NULL,
  ss_ext_tax DECIMAL(9,2) NOT NULL,
  ss_net_paid_inc_tax DECIMAL(9,2) NOT NULL,
  PRIMARY KEY (ss_ticket_number, ss_item_sk),
  FOREIGN KEY (ss_ticket_number) REFERENCES store_ticket (st_ticket_number),
  FOREIGN KEY (ss_item_sk) REFERENCES item (i_item_sk)
) ENGINE = InnoDB;

-- At most one for each line of a sale.
CREATE TABLE IF NOT EXISTS store_returns (
  sr_ticket_number BIGINT NOT NULL,
  sr_item_sk BIGINT NOT NULL,
  sr_customer_sk BIGINT NOT NULL,
  sr_store_sk BIGINT NOT NULL,
  sr_returned_at DATETIME(3) NOT NULL,
  sr_return_quantity INT NOT NULL,
  sr_return_amt DECIMAL(9,2) NOT NULL,
  sr_return_tax DECIMAL(9,2) NOT NULL,
  sr_return_amt_inc_tax DECIMAL(9,2) NOT NULL,
  PRIMARY KEY (sr_ticket_number, sr_item_sk),
  FOREIGN KEY (sr_ticket_number, sr_item_sk) REFERENCES store_sales (ss_ticket_number, ss_item_sk)
) ENGINE = InnoDB;

-- The plain shop: a negative amount is money back.
CREATE TABLE IF NOT EXISTS users (
  id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  username VARCHAR(40) NOT NULL UNIQUE,
  balance DECIMAL(10,2) NOT NULL
) ENGINE = InnoDB;

CREATE TABLE IF NOT EXISTS transactions (
  id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  user_id BIGINT NOT NULL,
  amount DECIMAL(10,2) NOT NULL,
  created_at TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
  KEY transactions_of_a_time (created_at, user_id, amount),
  FOREIGN KEY (user_id) REFERENCES users (id)
) ENGINE = InnoDB;
