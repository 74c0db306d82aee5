# Runs one process and ends with it. Ends it when standard input closes, which happens however the process that
# started us ends.
# Arguments: PID_FILE STOP_SIGNAL GRACE_SECONDS COMMAND...
trap '' HUP INT QUIT
pid_file=$1 stop_signal=$2 grace_seconds=$3
shift 3
echo "$$" >"$pid_file"
exec 3<&0 </dev/null
"$@" 3<&- &
child=$!

stop() {
  kill -s "$stop_signal" "$child" 2>/dev/null
  for ((tenths = 0; tenths < grace_seconds * 10; tenths++)); do
    kill -0 "$child" 2>/dev/null || return
    sleep 0.1
  done
  kill -s KILL "$child" 2>/dev/null
}

(
  trap - TERM
  while read -r _ <&3; do :; done
  stop
) >/dev/null 2>&1 &
reader=$!
exec 3<&-
trap stop TERM
# A signal ends a wait early; the child may still run then.
while
  wait "$child"
  status=$?
  kill -0 "$child" 2>/dev/null
do :; done
kill "$reader" 2>/dev/null
rm -f "$pid_file"
exit "$status"
