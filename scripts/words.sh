#!/usr/bin/env bash
# Splits TEXT into words like the shell: blanks separate words unless quoted or escaped.
# Nothing is expanded: `$`, `*`, `~`, `&` and brackets are ordinary characters.
#
#   scripts/words.sh NAME TEXT [OPTION]
#
# Prints the words on one line, quoted for the shell, each after OPTION. Without OPTION the words are
# paths, and a pattern such as `runs/*` is replaced by its matches, unless a file has that name.
# If a quote is not closed, prints an error for NAME on stderr and `!`, which is never a word.
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
          # Within double quotes a backslash is literal except before these.
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
