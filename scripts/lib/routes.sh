# The demo's second act: two estates of three processes each, in C and Python. A desk gives out jobs to another estate's
# press by the manors of both; another one may not, by rule; then one estate is killed, and the other does its work.
# To be sourced by demo.sh, which has: out, venv, folder, fail().

readonly JOBS=8 JOBS_BEFORE=3
declare -A routes # processes by name

# begin NAME COMMAND...: starts a process whose lines come here.
begin() {
  "${@:2}" >"$folder/lines" 2>&1 {lines}<&- &
  routes[$1]=$!
}
# expect PATTERN...: shows lines until there was one for each pattern.
expect() {
  local line part='' begun='' patterns=("$@") index
  while [ ${#patterns[@]} -gt 0 ]; do
    [ $SECONDS -lt "$TIME_LIMIT" ] || fail "within $TIME_LIMIT s there was no line like: ${patterns[*]}"
    # When the time is over in the middle of a line, its beginning is kept.
    IFS= read -r -t 1 part <&"$lines" || { begun+=$part; continue; }
    line=$begun$part begun=''
    echo "$line"
    for index in "${!patterns[@]}"; do
      # shellcheck disable=SC2053
      [[ $line != ${patterns[$index]} ]] || unset "patterns[$index]"
    done
    [[ $line != *' is answered by '* ]] || answered=$((answered + 1))
  done
}
# end NAME STATUS: waits for a process, which has to end so.
end() {
  local status=0
  wait "${routes[$1]}" || status=$?
  [ $status = "$2" ] || fail "$1 ended with $status, not $2"
  unset "routes[$1]"
}

second_act() {
  local python=$venv/bin/python answered=0 listens
  SECONDS=0
  mkfifo "$folder/lines"
  exec {lines}<>"$folder/lines"
  echo 'demo: second act: starts the manors of alpha (C) and beta (Python), and a press in each'
  begin 'alpha manor' $out/manor alpha 127.0.0.1:0 "$folder/a" \
    $'allow estate=alpha\nallow estate=beta yard=press share=answers'
  IFS= read -r -t "$TIME_LIMIT" listens <&"$lines" || fail 'alpha did not start'
  echo "$listens"
  begin 'beta manor' $python Examples/routes/manor.py beta 127.0.0.1:0 "$folder/b" \
    $'allow estate=beta\nallow estate=alpha yard=desk share=jobs' --join "${listens##* }"
  expect 'alpha manor | estate beta: messages can pass' ' beta manor | estate alpha: messages can pass'
  begin 'alpha press' $python Examples/routes/press.py alpha "$folder/a"
  begin 'beta press' $out/press beta "$folder/b"
  expect 'alpha manor | alpha/press/ is here*' ' beta manor | beta/press/ is here*'

  echo 'demo: a desk of beta has a job for the press of alpha, whose rules do not allow that'
  begin 'beta desk' $python Examples/routes/desk.py beta "$folder/b" alpha/press/jobs
  expect 'alpha manor | REFUSED: beta/desk/answers to alpha/press/jobs: no rule allows it' \
    ' beta desk  | job 1 did not reach alpha/press/jobs: EREJECTED'
  end 'beta desk' 3

  echo "demo: the desk of alpha has $JOBS jobs, for the press of beta, or else its own"
  begin 'alpha desk' $python Examples/routes/desk.py alpha "$folder/a" beta,alpha/press/jobs --jobs $JOBS
  expect "alpha desk  | job $JOBS_BEFORE is answered by beta/press/jobs: *"
  echo 'demo: kills beta'
  kill -KILL "${routes[beta manor]}" "${routes[beta press]}"
  end 'beta manor' 137 2>/dev/null
  end 'beta press' 137 2>/dev/null
  expect "alpha desk  | job $JOBS is answered by alpha/press/jobs: *"
  end 'alpha desk' 0
  [ $answered = $JOBS ] || fail "$answered jobs were answered, not $JOBS"
  kill -TERM "${routes[alpha press]}" "${routes[alpha manor]}"
  expect 'alpha manor | is closed'
  end 'alpha press' 0
  end 'alpha manor' 0
  exec {lines}<&-
  echo "demo: done in $SECONDS s: $JOBS jobs answered, one refused, one estate killed and its work taken by the other"
}
