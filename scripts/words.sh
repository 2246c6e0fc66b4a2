#!/usr/bin/env bash
# Splits TEXT into words as the shell does: blanks separate, quotes and backslashes keep together.
# Nothing is expanded: `$`, `*`, `~`, `&` and brackets are characters like any other.
#
#   scripts/words.sh NAME TEXT [OPTION]
#
# Prints the words on one line, quoted for the shell, each after OPTION. Without OPTION the words are
# paths, and a pattern such as `runs/*`, unless a file has that name, is replaced by what it matches.
# Where a quote is not closed it says so of NAME and prints `!`, which no word comes out as.
set -euo pipefail
name=$1 text=$2 option=${3:-}
rest=$text word='' in_word=false line=''

unclosed() {
  printf 'error: %s: %s is not closed in: %s\nhint: %s\n' "$name" "$1" "$text" \
    'a quote in a value is quoted itself, or has a backslash before it' >&2
  echo '!'
  exit 0
}

end_word() {
  local path
  if ! "$in_word"; then
    return
  elif [ -n "$option" ]; then
    line+=$(printf ' %s %q' "$option" "$word")
  elif [ ! -e "$word" ] && compgen -G "$word" >/dev/null; then
    while IFS= read -r path; do line+=$(printf ' %q' "$path"); done < <(compgen -G "$word" | sort)
  else
    line+=$(printf ' %q' "$word")
  fi
  word='' in_word=false
}

while [ -n "$rest" ]; do
  case $rest in
    [[:space:]]*)
      end_word
      rest=${rest:1}
      continue
      ;;
    \'*\'*)
      rest=${rest:1}
      word+=${rest%%\'*}
      rest=${rest#*\'}
      ;;
    \'*) unclosed 'a single quote' ;;
    \"*)
      rest=${rest:1}
      while [[ $rest != \"* ]]; do
        case $rest in
          '') unclosed 'a double quote' ;;
          # Within double quotes a backslash is one but before these.
          \\[\"\\\$\`]*) word+=${rest:1:1} rest=${rest:2} ;;
          *) word+=${rest:0:1} rest=${rest:1} ;;
        esac
      done
      rest=${rest:1}
      ;;
    \\?*) word+=${rest:1:1} rest=${rest:2} ;;
    *) word+=${rest:0:1} rest=${rest:1} ;;
  esac
  in_word=true
done
end_word
printf '%s\n' "$line"
