/// Makes each function of a [`Project`](super::Project) a test per engine: `name::postgres`, `name::mysql`,
/// `name::sqlite`. A function left out is dead code, which the build refuses.
macro_rules! on_each_engine {
    ($($name:ident),+ $(,)?) => {
        $(mod $name {
            use crate::harness::{Engine, Project};

            #[test]
            fn postgres() {
                super::$name(&Project::new(Engine::Postgres));
            }

            #[test]
            fn mysql() {
                super::$name(&Project::new(Engine::MySql));
            }

            #[test]
            fn sqlite() {
                super::$name(&Project::new(Engine::Sqlite));
            }
        })+
    };
}
