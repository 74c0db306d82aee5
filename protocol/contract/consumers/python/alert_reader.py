"""Follows the alert topic and keeps who is over their limit.

Reads from the beginning the first time, then from where its group was.

    python3 alert_reader.py localhost:9092 [topic [group]]

Needs confluent-kafka.
"""

import json
import sys
from collections import OrderedDict

from confluent_kafka import Consumer, KafkaException

# How many ids are remembered: more than can be read again after a restart.
SEEN_MAX = 100_000


class AlertReader:
    def __init__(self):
        self.seen = OrderedDict()
        self.open = {}

    def take(self, value):
        """Applies one alert; what was applied before, by its id, changes nothing."""
        # Fields that are not known here are left alone.
        alert = json.loads(value)
        if alert["alertId"] in self.seen:
            return
        self.seen[alert["alertId"]] = True
        if len(self.seen) > SEEN_MAX:
            self.seen.popitem(last=False)
        if alert["type"] == "RAISED":
            self.open[alert["episodeId"]] = alert
            # Amounts are decimal strings: decimal.Decimal reads them exactly, float would not.
            print(f"RAISED  {alert['userId']} {alert['excess']} {alert['currency']} over, {alert['episodeId']}")
        elif alert["type"] == "CLEARED":
            raised = self.open.pop(alert["episodeId"], None)
            # A cause of a later version is only a word more: the episode has ended all the same.
            before = "" if raised else ", raised before this reader began"
            print(f"CLEARED {alert['userId']} {alert['episodeId']} by {alert.get('cause')}{before}")
        else:
            return
        print(f"        open episodes: {len(self.open)}", flush=True)


def main(bootstrap, topic="alerts", group="alert-reader-python"):
    consumer = Consumer(
        {
            "bootstrap.servers": bootstrap,
            "group.id": group,
            # Else alerts would be shown whose transaction is taken back, and come a second time.
            "isolation.level": "read_committed",
            "auto.offset.reset": "earliest",
            "enable.auto.commit": False,
        }
    )
    consumer.subscribe([topic])
    reader = AlertReader()
    try:
        while True:
            records = consumer.consume(500, timeout=1.0)
            for record in records:
                if record.error():
                    raise KafkaException(record.error())
                try:
                    reader.take(record.value())
                except (ValueError, KeyError, TypeError) as e:
                    print(f"partition {record.partition()} offset {record.offset()}: {e!r}", file=sys.stderr)
            if records:
                # After the work is done: what is read again after a crash is known by its id.
                consumer.commit(asynchronous=False)
    except KeyboardInterrupt:
        pass
    finally:
        consumer.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
