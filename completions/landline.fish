# SPDX-License-Identifier: ISC
# fish completion for landline(1). All it knows it asks the program: `landline __verbs` and
# `landline __options VERB` print the tables that the program itself reads options with (landline.bash tells
# the columns). An older or absent program prints nothing, and then nothing is offered.

# __landline_values PROGRAM KIND CHOICES TYPED
function __landline_values
    switch $argv[2]
        case choice
            string split -n , -- $argv[3]
        case verb
            $argv[1] __verbs 2>/dev/null
        case contact
            $argv[1] __contacts 2>/dev/null
        case address
            $argv[1] __addresses 2>/dev/null
        case interface
            string replace -r '.*/' '' -- /sys/class/net/*
        case file
            __fish_complete_path $argv[4]
        case command
            __fish_complete_command
    end
end

function __landline_complete
    set -l words (commandline -opc)
    set -l typed (commandline -ct)
    set -l program (string replace -r '^~' $HOME -- $words[1])
    type -q $program; or return

    if test (count $words) -eq 1
        if string match -q -- '-*' $typed
            printf '%s\n' --help --version
        else
            __landline_values $program verb
        end
        return
    end
    set -l previous $words[-1]
    set -l prefix ''
    if string match -qr -- '^--[^=]+=' $typed
        set previous (string replace -r -- '=.*' '' $typed)
        set prefix $previous=
        set typed (string replace -r -- '^[^=]*=' '' $typed)
    end

    set -l rows ($program __options $words[2] 2>/dev/null)
    for row in $rows
        set -l field (string split \t -- $row)
        test -n "$field[3]"; or continue
        if test "$previous" = --$field[1]; or test -n "$field[2]" -a "$previous" = "-$field[2]"
            for value in (__landline_values $program $field[5] "$field[6]" "$typed")
                printf '%s\n' $prefix$value
            end
            return
        end
    end
    set -l wants_option (string match -- '-*' $typed)
    test $words[2] = help -a -z "$wants_option"; and __landline_values $program verb
    for row in $rows
        set -l field (string split \t -- $row)
        if test -z "$wants_option"
            test "$field[4]" = argument; or continue
            if test "$field[5]" = argument
                set field (string split \t -- ($program __argument $words[2..-1] 2>/dev/null))
                __landline_values $program "$field[1]" "$field[2]" "$typed"
            else
                __landline_values $program $field[5] '' "$typed"
            end
            continue
        end
        test "$field[4]" = argument; and continue
        printf '%s\t%s\n' --$field[1] "$field[7]"
        test "$field[4]" = switch; and printf '%s\t%s\n' --no-$field[1] "$field[7]"
        test -n "$field[2]"; and printf '%s\t%s\n' -$field[2] "$field[7]"
    end
end

complete -c landline -f -a '(__landline_complete)'
