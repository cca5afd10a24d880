/* PLANNED, not built. A check-in at two relays: a sealed letter goes out at an hour unless its owner says otherwise. Time goes
   in rounds; in each round the surroundings choose anew who is up and who reaches whom, and the steps of the round come in
   any order. */

/* Rules, each with what it is without. */
#ifndef PASS
#define PASS 1     /* relays pass signed operations to each other when they can; 0: they do not */
#endif
#ifndef NUMBERS
#define NUMBERS 1  /* an operation counts only if its number is above the last; 0: any other than the last counts */
#endif
#ifndef TOMB
#define TOMB 1     /* a cancelled letter's signed operation stays, is shown and passed on; 0: it is forgotten */
#endif
#ifndef ASK
#define ASK 1      /* at the hour a relay asks the other first, and waits the grace time if none replies; 0: it lets go */
#endif
#ifndef START
#define START 2    /* after a start: 0 nothing; 1 grace if it was down across the hour; 2 grace if the hour is past or now,
                      its end stays on the disk; 3 as 2, not on the disk */
#endif
#ifndef LATE
#define LATE 0     /* an operation that comes after the letter went out counts for nothing; 1: an extend still counts */
#endif
#ifndef READER
#define READER 3   /* when a reader shows the letter: 1 no relay that replies still has it, or after a time-out; 2 both relays
                      replied and neither has it, or after a time-out; 3 as 2, and the newest signed operation seen comes
                      before any time-out; 4 as 3 without a time-out */
#endif
#ifndef CAP
#define CAP 1      /* the last hour is fixed at the deposit and no extend goes beyond; 0: no last hour */
#endif

/* Bounds and surroundings. */
#ifndef OPERATIONS
#define OPERATIONS 1 /* that the phone sends at most; 0: it is silent */
#endif
#ifndef GRACE
#define GRACE 1
#endif
#ifndef TIMEOUT
#define TIMEOUT 2
#endif
#ifndef ROUNDS
#define ROUNDS 6
#endif
#ifndef LIVE
#define LIVE 0     /* 1: relay 0 is up and reached in each round; 2: it starts anew every other round */
#endif
#ifndef LIAR
#define LIAR 0     /* 1: relay 1 lets nothing go and says for ever that it has it */
#endif
#ifndef THIEF
#define THIEF 0    /* 1: who holds the open phone extends whenever the hour comes */
#endif
#ifndef DILIGENT
#define DILIGENT 0 /* 1: the phone speaks before the hour only and hands its operation to every relay that is up, each round */
#endif

/* What is shown:
     1  a relay lets the letter go at most once
     2  no letter is shown when a relay that the reader reached knew of a cancel
     3  the letter is shown in the end
     4  no operation is lost that could be passed on in a round before the hour
     5  the same, also in the very round of letting go
     6  no letter is shown when any relay knew of a cancel (too much to ask)
     7  no letter is shown when a relay that the reader reached knew of an extend that still runs
     8  with DILIGENT=1: nothing goes out although the phone spoke before the hour */
#ifndef SHOWN
#define SHOWN 0
#endif
#define HAS_NO_READER (SHOWN == 1 || SHOWN == 4 || SHOWN == 5 || SHOWN == 8)
#define HOUR 2
#define LAST_HOUR 4

mtype = { WAITS, OUT, GONE, EXTEND, CANCEL, LET_GO };
mtype state[2], kind[4];
byte until[4];
byte now, due[2], number[2], held_until[2], times_out[2], owed[2], owed_in_round[2], sent, newest, opened_at;
bit up[2], was_up[2], reaches[2], linked, opened, is_shown, replied[2], knew_cancel[2], forced[2], one_waits, shows, finished[5],
    down_across[2], met_other;

inline any(x) { if :: x = 0 :: x = 1 fi }

inline accept(r, i) {
  if
  :: (i > 0 && (state[r] == WAITS || (LATE && state[r] == OUT && kind[i] == EXTEND)) &&
      (!NUMBERS || i > number[r]) && (NUMBERS || i != number[r])) ->
     number[r] = i;
     if
     :: kind[i] == EXTEND -> due[r] = until[i]; held_until[r] = 0; state[r] = WAITS
     :: kind[i] == CANCEL -> state[r] = GONE
     :: kind[i] == LET_GO -> due[r] = now; forced[r] = 1
     fi
  :: else
  fi
}

/* The relays pass on what they know. */
inline pass_on() {
  if
  :: PASS && linked && up[0] && up[1] ->
     if :: (TOMB || state[0] != GONE) && number[0] > number[1] -> accept(1, number[0]) :: else fi;
     if :: (TOMB || state[1] != GONE) && number[1] > number[0] -> accept(0, number[1]) :: else fi
  :: else
  fi
}

/* A relay looks at its clock. */
inline sweep(r) {
  if
  :: up[r] && state[r] == WAITS && now >= due[r] && !(LIAR && r == 1) ->
     if :: ASK -> pass_on() :: else fi;
     met_other = (linked && up[1-r]);
     if
     :: state[r] == WAITS && now >= due[r] &&
        (forced[r] || (now >= held_until[r] && (!ASK || met_other || now >= due[r] + GRACE))) ->
        state[r] = OUT;
        if :: SHOWN == 1 -> times_out[r]++ :: else fi;
        assert(SHOWN != 1 || times_out[r] <= 1);
        assert(SHOWN != 4 || number[r] >= owed[r]);
        assert(SHOWN != 5 || number[r] >= owed_in_round[r]);
        assert(SHOWN != 8 || sent == 0 || number[r] > 0)
     :: else
     fi
  :: else
  fi
}

inline query(r) {
  if
  :: reaches[r] && up[r] ->
     replied[r] = 1;
     if :: number[r] > newest && (TOMB || state[r] != GONE) -> newest = number[r] :: else fi;
     if :: state[r] == WAITS -> one_waits = 1 :: else fi;
     if :: SHOWN == 2 && state[r] == GONE -> knew_cancel[r] = 1 :: else fi
  :: else
  fi
}

inline read_letter() {
  if
  :: opened || state[0] == OUT || state[1] == OUT ->
     any(reaches[1]);
     if :: LIVE -> reaches[0] = 1 :: else -> any(reaches[0]) fi
  :: else
  fi;
  if
  :: !opened && ((reaches[0] && up[0] && state[0] == OUT) || (reaches[1] && up[1] && state[1] == OUT)) ->
     opened = 1; opened_at = now
  :: else
  fi;
  if
  :: opened && !is_shown ->
     one_waits = 0; query(0); query(1);
     if
     :: READER == 1 && (!one_waits || now >= opened_at + TIMEOUT) -> shows = 1
     :: READER == 2 && ((replied[0] && replied[1] && !one_waits) || now >= opened_at + TIMEOUT) -> shows = 1
     :: READER >= 3 && (newest == 0 || (kind[newest] != CANCEL && until[newest] <= now)) &&
        ((replied[0] && replied[1] && !one_waits) ||
         (READER == 3 && now >= opened_at + TIMEOUT && now >= until[newest] + TIMEOUT)) -> shows = 1
     :: else
     fi;
     if
     :: shows ->
        is_shown = 1;
        assert(SHOWN != 2 || !(knew_cancel[0] || knew_cancel[1]));
        assert(SHOWN != 6 || !(state[0] == GONE || state[1] == GONE));
        assert(SHOWN != 7 ||
          !((reaches[0] && up[0] && state[0] == WAITS && number[0] > 0 && due[0] > now) ||
            (reaches[1] && up[1] && state[1] == WAITS && number[1] > 0 && due[1] > now)))
     :: else
     fi
  :: else
  fi;
  reaches[0] = 0; reaches[1] = 0; one_waits = 0
}

inline speak() {
  if
  :: sent < OPERATIONS && !THIEF && (!DILIGENT || now < HOUR) && (sent == 0 || kind[sent] == EXTEND) ->
     if
     :: sent++; kind[sent] = EXTEND; until[sent] = now + 2;
        if :: CAP && until[sent] > LAST_HOUR -> until[sent] = LAST_HOUR :: else fi
     :: sent++; kind[sent] = CANCEL
     :: sent++; kind[sent] = LET_GO; until[sent] = now
     :: skip
     fi
  :: THIEF && sent < 3 && (now + 1 == HOUR || (sent > 0 && now + 1 >= until[sent])) ->
     sent++; kind[sent] = EXTEND; until[sent] = now + 3;
     if :: CAP && until[sent] > LAST_HOUR -> until[sent] = LAST_HOUR :: else fi
  :: else
  fi;
  /* The phone or any carrier hands operations over, old ones as well. */
  if
  :: up[0] && sent > 0 ->
     if :: accept(0, sent) :: sent > 1 && !THIEF && !DILIGENT -> accept(0, 1) :: !THIEF && !DILIGENT -> skip fi
  :: else
  fi;
  if
  :: up[1] && sent > 0 ->
     if :: accept(1, sent) :: sent > 1 && !THIEF && !DILIGENT -> accept(1, 1) :: !THIEF && !DILIGENT -> skip fi
  :: else
  fi
}

inline start(r) {
  if
  :: up[r] && !was_up[r] && state[r] == WAITS && !forced[r] ->
     if
     :: START == 1 && down_across[r] -> held_until[r] = now + GRACE
     :: START == 2 && now >= due[r] && held_until[r] == 0 -> held_until[r] = now + GRACE
     :: START == 3 && now >= due[r] -> held_until[r] = now + GRACE
     :: else
     fi
  :: else
  fi;
  if
  :: !up[r] && now >= due[r] && state[r] == WAITS -> down_across[r] = (START == 1)
  :: up[r] -> down_across[r] = 0
  :: else
  fi
}

/* What the other relay knew while they were linked is owed by this one from then on. */
inline note_what_is_owed() {
  if
  :: (SHOWN == 4 || SHOWN == 5) && up[0] && up[1] && linked ->
     owed_in_round[1] = (number[0] > owed_in_round[1] -> number[0] : owed_in_round[1]);
     owed_in_round[0] = (number[1] > owed_in_round[0] -> number[1] : owed_in_round[0]);
     if :: now < due[1] -> owed[1] = owed_in_round[1] :: else fi;
     if :: now < due[0] -> owed[0] = owed_in_round[0] :: else fi
  :: else
  fi
}

active proctype World() {
  atomic {
    state[0] = WAITS; state[1] = WAITS; due[0] = HOUR; due[1] = HOUR; was_up[0] = 1; was_up[1] = 1; finished[4] = HAS_NO_READER
  };
  do
  :: now < ROUNDS && !(is_shown && SHOWN != 1) && !(state[0] == GONE && state[1] == GONE) ->
     atomic {
       if :: LIVE == 1 -> up[0] = 1 :: LIVE == 2 -> up[0] = now % 2 :: LIVE == 0 -> any(up[0]) fi;
       any(up[1]);
       any(linked);
       start(0); start(1);
       note_what_is_owed()
     };
     do
     :: atomic { !finished[0] -> speak(); finished[0] = 1 }
     :: atomic { !finished[1] -> pass_on(); finished[1] = 1 }
     :: atomic { !finished[2] -> sweep(0); finished[2] = 1 }
     :: atomic { !finished[3] -> sweep(1); finished[3] = 1 }
     :: atomic { !finished[4] -> read_letter(); finished[4] = 1 }
     :: atomic { finished[0] && finished[1] && finished[2] && finished[3] && finished[4] -> break }
     od;
     atomic {
       finished[0] = 0; finished[1] = 0; finished[2] = 0; finished[3] = 0; finished[4] = HAS_NO_READER;
       was_up[0] = up[0]; was_up[1] = up[1];
       up[0] = 0; up[1] = 0; linked = 0; met_other = 0; shows = 0;
       now++
     }
  :: else -> break
  od;
  assert(SHOWN != 3 || is_shown || state[0] == GONE)
}
