# For the wrappers that give the crates of this workspace flags of their own, and only those: the hundreds of dependencies
# are those of every other build then, build scripts and what the compiler loads are left alone, and no second toolchain is
# needed. Sets `compiler`, leaves its arguments, and `ours` says whether this crate is meant.

compiler=$1
shift
name="" kind="" previous=""
for argument in "$@"; do
  case $previous in
  --crate-name) name=$argument ;;
  --crate-type) kind=$argument ;;
  esac
  previous=$argument
done
case $name/$kind in
build_script_*/* | */proc-macro) ours=no ;;
tacit_*/*) ours=yes ;;
*) ours=no ;;
esac
