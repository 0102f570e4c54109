import { Schema } from 'effect';
import { InstanceId } from './ids.ts';
import { SETTING_KEYS } from './settings.ts';

export const SettingSource = Schema.Literals(['instance', 'global', 'default']);
export type SettingSource = typeof SettingSource.Type;

/** A setting as the API shows it. Times in ISO 8601. */
export const SettingView = Schema.Struct({
  key: Schema.Literals(SETTING_KEYS),
  value: Schema.Unknown,
  source: SettingSource.annotate({ description: 'Where the value in force comes from.' }),
  default: Schema.Unknown,
  description: Schema.String,
  updatedAt: Schema.NullOr(Schema.String),
});
export type SettingView = typeof SettingView.Type;

/** A change of a setting as the API shows it: of the service, where it names no instance. */
export const SettingChangeView = Schema.Struct({
  key: Schema.Literals(SETTING_KEYS),
  instanceId: Schema.NullOr(InstanceId),
  oldValue: Schema.optionalKey(Schema.Unknown.annotate({ description: 'What was set before; absent: nothing was.' })),
  newValue: Schema.optionalKey(Schema.Unknown.annotate({ description: 'What was set; absent: it was taken back.' })),
  changedBy: Schema.String,
  changedAt: Schema.String,
});
export type SettingChangeView = typeof SettingChangeView.Type;
