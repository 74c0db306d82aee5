-- Where a row stands among those of its user, in the order in which they arrived: by partition, then by offset.
--
-- A user's rows are from one partition, or from several since the topic has grown (V0020). From one home to the next the number of the
-- partition only grows, as long as each count of partitions is a multiple of the one before; all rows of a home are older than those of
-- the next. It costs nothing a row and needs no index. With another count, as from 4 to 6, some users move to a lower number:
-- what audits and explains their first days after that may find what is not so.
CREATE FUNCTION spendwatch.arrival(kafka_partition integer, kafka_offset bigint) RETURNS bigint
  LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN kafka_partition::bigint * 17592186044416 + kafka_offset;
COMMENT ON FUNCTION spendwatch.arrival(integer, bigint) IS
  'orders the rows of a user by arrival, whichever partitions they came from; the offset is its rest by 2^44';
