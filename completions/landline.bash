# SPDX-License-Identifier: ISC
# bash completion for landline(1). All it knows it asks the program that is being typed: `landline __verbs`
# and `landline __options VERB` print the tables that the program itself reads options with, so the two
# cannot disagree. Columns of the latter, a tab between each:
#   long name, short name, metavar, type, completion, choices (by commas), help
# A line of type "argument" tells what the arguments are; where its completion is "argument" too it depends on
# those before, and `landline __argument VERB ARGUMENT...` tells completion and choices of the next one. An
# older or absent program prints nothing, and then nothing is offered.

# _landline_offer TYPED WORD...: those that begin with what is typed, into COMPREPLY
_landline_offer() {
    local typed=$1 word
    shift
    for word; do
        [[ $word != "$typed"* ]] || COMPREPLY+=("${word// /\\ }")
    done
}

# _landline_values KIND CHOICES TYPED: what a value of that kind may be, into COMPREPLY
_landline_values() {
    local typed=$3
    local -a words=()
    case $1 in
    choice) IFS=, read -ra words <<<"$2" ;;
    verb) mapfile -t words < <("$program" __verbs 2>/dev/null | cut -f1) ;;
    contact) mapfile -t words < <("$program" __contacts 2>/dev/null) ;;
    address)
        mapfile -t words < <("$program" __addresses 2>/dev/null)
        compopt -o nospace 2>/dev/null
        ;;
    interface) words=(/sys/class/net/*) words=("${words[@]##*/}") ;;
    file)
        compopt -o filenames 2>/dev/null
        mapfile -t COMPREPLY < <(compgen -f -- "$typed")
        ;;
    command) mapfile -t COMPREPLY < <(compgen -c -- "$typed") ;;
    esac
    _landline_offer "$typed" "${words[@]}"
}

_landline() {
    local program=${COMP_WORDS[0]/#\~/$HOME} line=${COMP_LINE:0:COMP_POINT} typed='' previous verb
    local long short metavar type kind choices argument=''
    local -a words names=()

    # bash breaks words at : and =, which addresses and --option=value are made of, so split the line anew.
    read -ra words <<<"$line"
    if [[ $line != *[[:space:]] ]]; then
        typed=${words[-1]}
        unset 'words[-1]'
    fi
    COMPREPLY=()

    if ((${#words[@]} <= 1)); then
        _landline_values verb '' "$typed"
        [[ $typed != -* ]] || _landline_offer "$typed" --help --version
        return
    fi
    verb=${words[1]}
    previous=${words[-1]}
    if [[ $typed == --*=* ]]; then
        previous=${typed%%=*}
        typed=${typed#*=}
    fi

    while IFS=$'\037' read -r long short metavar type kind choices _; do
        if [[ $type == argument ]]; then
            argument=$kind
            continue
        fi
        if [[ -n $metavar && ($previous == "--$long" || (-n $short && $previous == "-$short")) ]]; then
            _landline_values "$kind" "$choices" "$typed"
            names=()
            argument=none
            break
        fi
        names+=("--$long")
        [[ $type != switch ]] || names+=("--no-$long")
    done < <("$program" __options "$verb" 2>/dev/null | tr '\t' '\037')

    if [[ $argument != none && $typed == -* ]]; then
        _landline_offer "$typed" "${names[@]}"
    elif [[ $verb == help ]]; then
        _landline_values verb '' "$typed"
    elif [[ $argument == argument ]]; then
        IFS=$'\037' read -r kind choices \
            < <("$program" __argument "$verb" "${words[@]:2}" 2>/dev/null | tr '\t' '\037')
        _landline_values "$kind" "$choices" "$typed"
    elif [[ $argument != none ]]; then
        _landline_values "$argument" '' "$typed"
    fi
    # What bash puts the reply in place of begins after the last colon, not at the beginning of the word.
    if [[ $COMP_WORDBREAKS == *:* && $typed == *:* ]]; then
        COMPREPLY=("${COMPREPLY[@]#"${typed%"${typed##*:}"}"}")
    fi
}

complete -F _landline landline
